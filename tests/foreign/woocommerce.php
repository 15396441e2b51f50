<?php
// Runs the class of Netgíró's WooCommerce plugin that calls Netgíró, with as much of WordPress as it needs.
//
// php woocommerce.php CHECKOUT BASE-URL SECRET-KEY APPLICATION-ID METHOD ARGUMENT...   prints its answer as JSON

define('ABSPATH', __DIR__);

class WP_Error
{
    public function __construct(private string $code, private string $message)
    {
    }

    public function get_error_code(): string
    {
        return $this->code;
    }

    public function get_error_message(): string
    {
        return $this->message;
    }
}

function is_wp_error($thing): bool
{
    return $thing instanceof WP_Error;
}

function wp_json_encode($data)
{
    return json_encode($data);
}

function __(string $text, string $domain = ''): string
{
    return $text;
}

if (!function_exists('mb_substr')) {  // WordPress brings its own, too
    function mb_substr(string $text, int $start, int $length): string
    {
        return substr($text, $start, $length);
    }
}

function wp_remote_request(string $url, array $args)
{
    $lines = array_map(fn ($name, $value) => "$name: $value", array_keys($args['headers']), $args['headers']);
    $http = ['method' => $args['method'], 'header' => $lines, 'timeout' => $args['timeout'], 'ignore_errors' => true];
    $http['content'] = $args['body'] ?? '';
    $body = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    if ($body === false) {
        return new WP_Error('http_request_failed', 'no answer');
    }
    [, $code, $message] = explode(' ', $http_response_header[0] . ' ', 3);
    return ['response' => ['code' => (int) $code, 'message' => trim($message)], 'body' => $body];
}

function wp_remote_retrieve_response_code(array $response): int
{
    return $response['response']['code'];
}

function wp_remote_retrieve_response_message(array $response): string
{
    return $response['response']['message'];
}

function wp_remote_retrieve_body(array $response): string
{
    return $response['body'];
}

function wp_remote_retrieve_headers(array $response): object
{
    return new class () {
        public function getAll(): array
        {
            return [];
        }
    };
}

[, $checkout, $base_url, $secret_key, $application_id, $method] = $argv;
require $checkout . '/includes/class-netgiro-api.php';

class Netgiro_At_Home extends Netgiro_API
{
    public function __construct(string $base_url, string $secret_key, string $application_id)
    {
        parent::__construct(true, $secret_key, $application_id);
        $this->api_url = $base_url . '/v1/';
        $this->partner_api_url = $base_url . '/partner/';
    }
}

$answer = (new Netgiro_At_Home($base_url, $secret_key, $application_id))->$method(...array_slice($argv, 6));
echo json_encode($answer), "\n";
