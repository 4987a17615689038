import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.AadCredentialBuilderBase;
import com.azure.identity.AzureCliCredentialBuilder;
import com.azure.identity.ClientCertificateCredentialBuilder;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.identity.DeviceCodeCredentialBuilder;
import com.azure.identity.EnvironmentCredentialBuilder;
import com.azure.identity.ManagedIdentityCredentialBuilder;
import com.azure.identity.OnBehalfOfCredentialBuilder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** What azure-identity for Java gets by one credential, printed as JSON for java_clients.py. */
final class Identity {
  public static void main(String[] arguments) {
    Setting.print(
        switch (arguments[0]) {
          case "person" -> person();
          case "refresh" -> refresh();
          case "daemon" -> daemon();
          case "environment builder" -> Map.of("environment", token(environmentBuilder(), Setting.DEFAULT));
          case "environment" -> Map.of("environment", token(environment(), Setting.DEFAULT));
          case "managed" -> Map.of("managed", token(new ManagedIdentityCredentialBuilder().build(), Setting.DEFAULT));
          case "default" -> Map.of("default", token(new DefaultAzureCredentialBuilder().build(), Setting.DEFAULT));
          case "on behalf of" -> onBehalfOf(arguments[1], arguments[2]);
          case "az" -> Map.of("az", token(new AzureCliCredentialBuilder().build(), Setting.DEFAULT));
          default -> throw new IllegalArgumentException(arguments[0]);
        });
    System.exit(0);
  }

  static String token(TokenCredential credential, String scope) {
    return credential.getTokenSync(new TokenRequestContext().addScopes(scope)).getToken();
  }

  static <T extends AadCredentialBuilderBase<T>> T local(T builder) {
    return builder.authorityHost(Setting.HOST).tenantId(Setting.TENANT).disableInstanceDiscovery();
  }

  static DeviceCodeCredentialBuilder deviceCode() {
    return local(new DeviceCodeCredentialBuilder().clientId(Setting.CLIENT)).challengeConsumer(code -> {});
  }

  static Map<String, String> person() {
    var seen = new LinkedHashMap<String, String>();
    seen.put("default", token(deviceCode().build(), Setting.DEFAULT));
    var credential = deviceCode().build();
    seen.put("first", token(credential, Setting.SCOPE));
    seen.put("silent", token(credential, Setting.SCOPE));
    return seen;
  }

  /** How often it asks for a sign-in when it has no token for a scope, but a refresh token. */
  static Map<String, String> refresh() {
    var asked = new AtomicInteger();
    var credential = deviceCode().challengeConsumer(code -> asked.incrementAndGet()).build();
    var seen = new LinkedHashMap<String, String>();
    // Without a resource it is Microsoft Graph's.
    seen.put("graph", token(credential, "openid"));
    seen.put("api", token(credential, Setting.SCOPE));
    seen.put("sign-ins", asked.toString());
    return seen;
  }

  static Map<String, String> daemon() {
    var secret = new ClientSecretCredentialBuilder().clientId(Setting.of("DAEMON"));
    var seen = new LinkedHashMap<String, String>();
    seen.put("secret", token(local(secret).clientSecret(Setting.of("DAEMON_SECRET")).build(), Setting.DEFAULT));
    for (var chain : new boolean[] {false, true}) {
      var certificate = local(new ClientCertificateCredentialBuilder().clientId(Setting.of("DAEMON")));
      var credential = certificate.pemCertificate(Setting.of("DAEMON_PEM")).sendCertificateChain(chain).build();
      seen.put(chain ? "certificate with chain" : "certificate", token(credential, Setting.DEFAULT));
    }
    return seen;
  }

  static Map<String, String> onBehalfOf(String api, String scope) {
    var assertion = token(deviceCode().build(), scope);
    var credential = local(new OnBehalfOfCredentialBuilder().clientId(api)).clientSecret(Setting.of("API_SECRET"));
    return Map.of("user", token(credential.userAssertion(assertion).build(), Setting.SCOPE));
  }

  /** EnvironmentCredential by its own builder, which can't disable discovery. */
  static TokenCredential environmentBuilder() {
    return new EnvironmentCredentialBuilder().authorityHost(Setting.HOST).build();
  }

  /** EnvironmentCredential, as AZURE_TOKEN_CREDENTIALS chooses it. */
  static TokenCredential environment() {
    return new DefaultAzureCredentialBuilder().authorityHost(Setting.HOST).disableInstanceDiscovery().build();
  }
}
