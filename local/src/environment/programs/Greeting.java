// Java reads no SSL_CERT_FILE, and no PEM file as a truststore. What
// JAVA_TOOL_OPTIONS names is a JKS, which needs no password (a PKCS12 does).
// Every JVM says on stderr that it has picked the variable up.
// azure-identity asks Microsoft about an authority, unless the code says
// disableInstanceDiscovery. EnvironmentCredentialBuilder can't: take
// DefaultAzureCredentialBuilder, with AZURE_TOKEN_CREDENTIALS set to
// EnvironmentCredential.
// MSAL4J loses the authority's port when it refreshes, unless it has
// .oidcAuthority(host + "/" + tenant + "/v2.0"). azure-identity has no such
// switch, and asks for another sign-in instead.
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.DeviceCodeCredentialBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class Greeting {
    public static void main(String[] arguments) throws Exception {
        var credential = new DeviceCodeCredentialBuilder()
            .clientId(System.getenv("AZURE_CLIENT_ID"))
            .tenantId(System.getenv("AZURE_TENANT_ID"))
            .authorityHost(System.getenv("AZURE_AUTHORITY_HOST"))
            .disableInstanceDiscovery()
            .challengeConsumer(challenge -> System.out.println(challenge.getMessage()))
            .build();
        var scope = new TokenRequestContext().addScopes(System.getenv("GREETING_SCOPE"));
        var token = credential.getTokenSync(scope).getToken();
        var request = HttpRequest.newBuilder(URI.create(System.getenv("GREETING_URL")))
            .header("Authorization", "Bearer " + token)
            .build();
        System.out.println(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
    }
}
