// SPDX-License-Identifier: GPL-2.0
// A counter's hardware for a machine that has none: a GPIO chip with a matrix keypad soldered to it, an I2C bus
// (number 1) with an SSD1306 at 0x3c, and the two device-tree files by which a Raspberry Pi is known.
//
//   /proc/counter/keys   write "+5,12" to close the contact between lines 5 and 12, "-5,12" to open it, "0" to open all;
//                        read what the driver did with the lines
//   /proc/counter/oled   what the panel shows: a line of facts, then eight pages of 128 columns in hex; whatever is
//                        written makes it forget all that it was told, as a loose supply wire does
//   parameter oled       0: not there (no acknowledge), 1: there, 2: it hangs the bus
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/i2c.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/platform_device.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#define LINES 58
#define PANEL_ADDRESS 0x3c

static int oled = 1;
module_param(oled, int, 0644);
static int baud = 100000;
module_param(baud, int, 0644);
static unsigned int revision = 0xc03111; // a Pi 4 B: gpiozero reads it
module_param(revision, uint, 0444);

static struct platform_device *device;
static struct proc_dir_entry *folder, *device_tree;

// --- GPIO ------------------------------------------------------------------------------------------------------------

enum pull { PULL_NONE, PULL_UP, PULL_DOWN };

struct line {
	bool is_output, value, masked, level;
	enum pull pull;
	u8 trigger;
};

static struct {
	struct gpio_chip chip;
	spinlock_t lock;
	struct line line[LINES];
	bool contact[LINES][LINES];
	bool is_added;
	unsigned long sets, directions, interrupts, shorts;
} gpio;

// What a line reads: contacts conduct both ways, so every line that can be reached through them counts.
static bool level_of(int line)
{
	bool low = false, high = false, up = false, down = false, seen[LINES] = { false };
	int todo[LINES], waiting = 0, other;

	todo[waiting++] = line;
	seen[line] = true;
	while (waiting) {
		int now = todo[--waiting];
		struct line *at = &gpio.line[now];

		if (at->is_output) {
			high |= at->value;
			low |= !at->value;
		}
		up |= !at->is_output && at->pull == PULL_UP;
		down |= !at->is_output && at->pull == PULL_DOWN;
		for (other = 0; other < LINES; other++)
			if (gpio.contact[now][other] && !seen[other]) {
				seen[other] = true;
				todo[waiting++] = other;
			}
	}
	if (low && high)
		gpio.shorts++;
	if (low || high)
		return !low;
	return up || !down;
}

static void settle(void)
{
	unsigned long flags;
	u64 fired = 0;
	int i;

	spin_lock_irqsave(&gpio.lock, flags);
	for (i = 0; i < LINES; i++) {
		struct line *line = &gpio.line[i];
		bool level = level_of(i);

		if (level != line->level && !line->masked &&
		    (line->trigger & (level ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING)))
			fired |= 1ULL << i;
		line->level = level;
	}
	spin_unlock_irqrestore(&gpio.lock, flags);
	for (i = 0; i < LINES; i++) {
		int irq = fired >> i & 1 ? irq_find_mapping(gpio.chip.irq.domain, i) : 0;

		if (!irq)
			continue;
		gpio.interrupts++;
		local_irq_save(flags);
		generic_handle_irq(irq);
		local_irq_restore(flags);
	}
}

static int get_direction(struct gpio_chip *chip, unsigned int i)
{
	return gpio.line[i].is_output ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int direction_input(struct gpio_chip *chip, unsigned int i)
{
	gpio.directions++;
	gpio.line[i].is_output = false;
	settle();
	return 0;
}

static int direction_output(struct gpio_chip *chip, unsigned int i, int value)
{
	gpio.directions++;
	gpio.line[i].is_output = true;
	gpio.line[i].value = value;
	settle();
	return 0;
}

static int get(struct gpio_chip *chip, unsigned int i)
{
	return gpio.line[i].level;
}

static void set(struct gpio_chip *chip, unsigned int i, int value)
{
	gpio.sets++;
	gpio.line[i].value = value;
	settle();
}

static int set_config(struct gpio_chip *chip, unsigned int i, unsigned long config)
{
	switch (pinconf_to_config_param(config)) { // as pinctrl-bcm2835: no open drain, gpiolib makes one
	case PIN_CONFIG_BIAS_DISABLE:
		gpio.line[i].pull = PULL_NONE;
		break;
	case PIN_CONFIG_BIAS_PULL_UP:
		gpio.line[i].pull = PULL_UP;
		break;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		gpio.line[i].pull = PULL_DOWN;
		break;
	default:
		return -ENOTSUPP;
	}
	settle();
	return 0;
}

static void irq_mask(struct irq_data *data)
{
	gpio.line[irqd_to_hwirq(data)].masked = true;
	gpiochip_disable_irq(irq_data_get_irq_chip_data(data), irqd_to_hwirq(data));
}

static void irq_unmask(struct irq_data *data)
{
	gpiochip_enable_irq(irq_data_get_irq_chip_data(data), irqd_to_hwirq(data));
	gpio.line[irqd_to_hwirq(data)].masked = false;
}

static void irq_ack(struct irq_data *data)
{
}

static int irq_set_type(struct irq_data *data, unsigned int type)
{
	gpio.line[irqd_to_hwirq(data)].trigger = type & IRQ_TYPE_EDGE_BOTH;
	return 0;
}

static const struct irq_chip interrupts = {
	.name = "counter-gpio",
	.irq_mask = irq_mask,
	.irq_unmask = irq_unmask,
	.irq_ack = irq_ack,
	.irq_set_type = irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS
};

static int add_gpio(void)
{
	struct gpio_chip *chip = &gpio.chip;
	int error;

	chip->label = "pinctrl-bcm2711";
	chip->parent = &device->dev;
	chip->owner = THIS_MODULE;
	chip->base = -1;
	chip->ngpio = LINES;
	chip->get_direction = get_direction;
	chip->direction_input = direction_input;
	chip->direction_output = direction_output;
	chip->get = get;
	chip->set = set;
	chip->set_config = set_config;
	gpio_irq_chip_set_chip(&chip->irq, &interrupts);
	chip->irq.handler = handle_edge_irq;
	chip->irq.default_type = IRQ_TYPE_NONE;
	error = gpiochip_add_data(chip, NULL);
	gpio.is_added = !error;
	return error;
}

static int keys_show(struct seq_file *out, void *unused)
{
	int a, b;

	seq_printf(out, "sets %lu directions %lu interrupts %lu shorts %lu\n", gpio.sets, gpio.directions,
		   gpio.interrupts, gpio.shorts);
	for (a = 0; a < LINES; a++)
		for (b = a + 1; b < LINES; b++)
			if (gpio.contact[a][b])
				seq_printf(out, "contact %d %d\n", a, b);
	return 0;
}

static int keys_open(struct inode *inode, struct file *file)
{
	return single_open(file, keys_show, NULL);
}

static ssize_t keys_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	char text[32] = { 0 }, what;
	unsigned long flags;
	int a, b;

	if (copy_from_user(text, from, min(size, sizeof(text) - 1)))
		return -EFAULT;
	spin_lock_irqsave(&gpio.lock, flags);
	if (sscanf(text, "%c%d,%d", &what, &a, &b) != 3)
		memset(gpio.contact, 0, sizeof(gpio.contact));
	else if (a >= 0 && b >= 0 && a < LINES && b < LINES)
		gpio.contact[a][b] = gpio.contact[b][a] = what == '+';
	spin_unlock_irqrestore(&gpio.lock, flags);
	settle();
	return size;
}

static const struct proc_ops keys_operations = {
	.proc_open = keys_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = keys_write,
};

// --- the panel -------------------------------------------------------------------------------------------------------

static struct {
	u8 memory[8][128];
	int first_column, last_column, first_page, last_page, column, page;
	bool is_on;
	unsigned long transfers, bytes;
	u8 command, missing, got, parameter[8];
} panel;

static void take_data(u8 byte)
{
	panel.memory[panel.page & 7][panel.column & 127] = byte;
	if (++panel.column <= panel.last_column)
		return;
	panel.column = panel.first_column;
	if (++panel.page > panel.last_page)
		panel.page = panel.first_page;
}

static void take_parameter(u8 byte)
{
	panel.parameter[panel.got++] = byte;
	if (--panel.missing)
		return;
	if (panel.command == 0x21) {
		panel.first_column = panel.column = panel.parameter[0];
		panel.last_column = panel.parameter[1];
	} else if (panel.command == 0x22) {
		panel.first_page = panel.page = panel.parameter[0];
		panel.last_page = panel.parameter[1];
	}
}

static void take_command(u8 byte)
{
	if (panel.missing) {
		take_parameter(byte);
		return;
	}
	panel.command = byte;
	panel.got = 0;
	switch (byte) {
	case 0xae:
	case 0xaf:
		panel.is_on = byte == 0xaf;
		break;
	case 0x21:
	case 0x22:
		panel.missing = 2;
		break;
	case 0x20:
	case 0x81:
	case 0x8d:
	case 0xa8:
	case 0xd3:
	case 0xd5:
	case 0xd9:
	case 0xda:
	case 0xdb:
		panel.missing = 1;
	}
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int i, k;

	for (i = 0; i < count; i++) {
		struct i2c_msg *message = &messages[i];
		unsigned int wire_us = (message->len + 1) * 9 * 1000000ULL / baud;

		if (oled == 2) {
			msleep(1000);
			return -ETIMEDOUT;
		}
		if (message->addr != PANEL_ADDRESS || oled == 0)
			return -EREMOTEIO;
		panel.transfers++;
		panel.bytes += message->len + 1;
		usleep_range(wire_us, wire_us + 50);
		if (message->flags & I2C_M_RD) {
			memset(message->buf, 0x43, message->len);
			continue;
		}
		panel.missing = 0;
		for (k = 1; k < message->len; k++) {
			if (message->buf[0] & 0x40)
				take_data(message->buf[k]);
			else
				take_command(message->buf[k]);
		}
	}
	return count;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = { .master_xfer = transfer, .functionality = functionality };

static struct i2c_adapter bus = { .owner = THIS_MODULE, .algo = &algorithm, .name = "bcm2835 (counter)", .nr = 1 };

static int panel_show(struct seq_file *out, void *unused)
{
	int page, column;

	seq_printf(out, "on %d transfers %lu bytes %lu\n", panel.is_on, panel.transfers, panel.bytes);
	for (page = 0; page < 8; page++) {
		for (column = 0; column < 128; column++)
			seq_printf(out, "%02x", panel.memory[page][column]);
		seq_putc(out, '\n');
	}
	return 0;
}

static int panel_open(struct inode *inode, struct file *file)
{
	return single_open(file, panel_show, NULL);
}

static ssize_t panel_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	memset(&panel, 0, sizeof(panel));
	return size;
}

static const struct proc_ops panel_operations = {
	.proc_open = panel_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = panel_write,
};

// --- the board -------------------------------------------------------------------------------------------------------

static int model_show(struct seq_file *out, void *unused)
{
	static const char model[] = "Raspberry Pi 4 Model B Rev 1.1";

	seq_write(out, model, sizeof(model));
	return 0;
}

static int revision_show(struct seq_file *out, void *unused)
{
	u8 bytes[4] = { revision >> 24, revision >> 16, revision >> 8, revision };

	seq_write(out, bytes, sizeof(bytes));
	return 0;
}

static int __init counter_up(void)
{
	struct proc_dir_entry *system;
	int error;

	spin_lock_init(&gpio.lock);
	device = platform_device_register_simple("counter-hw", -1, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	error = add_gpio();
	if (!error) {
		bus.dev.parent = &device->dev;
		error = i2c_add_numbered_adapter(&bus);
	}
	if (error) {
		if (gpio.is_added)
			gpiochip_remove(&gpio.chip);
		platform_device_unregister(device);
		return error;
	}
	folder = proc_mkdir("counter", NULL);
	proc_create("keys", 0600, folder, &keys_operations);
	proc_create("oled", 0600, folder, &panel_operations);
	device_tree = proc_mkdir("device-tree", NULL);
	system = proc_mkdir("system", device_tree);
	proc_create_single("model", 0444, device_tree, model_show);
	proc_create_single("linux,revision", 0444, system, revision_show);
	return 0;
}

static void __exit counter_down(void)
{
	proc_remove(device_tree);
	proc_remove(folder);
	i2c_del_adapter(&bus);
	gpiochip_remove(&gpio.chip);
	platform_device_unregister(device);
}

module_init(counter_up);
module_exit(counter_down);
MODULE_DESCRIPTION("A payment terminal's keypad and display without the hardware");
MODULE_LICENSE("GPL");
