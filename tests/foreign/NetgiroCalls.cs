// Runs Netgíró's published .NET client: NetgiroCalls.exe BASE-URL SECRET-KEY APPLICATION-ID CALL ARGUMENT...
// It prints what the call returns, or "refused" and what the client threw; a cart's answer is read back first.

using System;
using NetgiroClient;
using NetgiroClient.Models;
using Newtonsoft.Json;

namespace NetgiroClient
{
    // The client's own says "public" of its methods, which Mono's compiler does not know.
    public interface INetgiroCart
    {
    }
}

class NetgiroCalls
{
    static void Main(string[] words)
    {
        var client = new NetgiroCartHttpClient(words[0], words[1], words[2]);
        try
        {
            Console.WriteLine(Call(client, words));
        }
        catch (Exception error)
        {
            Console.WriteLine("refused " + (error.InnerException ?? error).Message);
        }
    }

    static string Call(NetgiroCartHttpClient client, string[] words)
    {
        switch (words[3])
        {
            case "insert":
                return client.InsertCart(new InsertCartModel
                {
                    Amount = int.Parse(words[4]), Reference = words[5], CustomerId = words[6], Description = "Kaffi",
                });
            case "check":
                var read = JsonConvert.DeserializeObject<PaymentResponse>(client.CheckCart(words[4]));
                return JsonConvert.SerializeObject(read);
            case "confirm":
                return client.ConfirmCart(words[4], true).ToString();
            default:
                return client.CancelCartAsync(words[4]).Result.ToString();
        }
    }
}
