import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ClientCredentialParameters;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.DeviceCodeFlowParameters;
import com.microsoft.aad.msal4j.IAccount;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.IClientCredential;
import com.microsoft.aad.msal4j.ManagedIdentityApplication;
import com.microsoft.aad.msal4j.ManagedIdentityId;
import com.microsoft.aad.msal4j.ManagedIdentityParameters;
import com.microsoft.aad.msal4j.MsalInteractionRequiredException;
import com.microsoft.aad.msal4j.MsalServiceException;
import com.microsoft.aad.msal4j.OnBehalfOfParameters;
import com.microsoft.aad.msal4j.PublicClientApplication;
import com.microsoft.aad.msal4j.SilentParameters;
import com.microsoft.aad.msal4j.UserAssertion;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;

/** What MSAL for Java gets by one flow, printed as JSON for java_clients.py. */
final class Msal {
  // An OpenID Connect authority: by `authority(…)` a refresh loses the port.
  static final String AUTHORITY = Setting.HOST + "/" + Setting.TENANT + "/v2.0";

  public static void main(String[] arguments) throws Exception {
    Setting.print(
        switch (arguments[0]) {
          case "person" -> person();
          case "by authority" -> byAuthority();
          case "daemon" -> daemon();
          case "managed" -> managed();
          case "on behalf of" -> onBehalfOf(arguments[1], arguments[2]);
          case "refused" -> refused(arguments[1]);
          default -> throw new IllegalArgumentException(arguments[0]);
        });
    System.exit(0);
  }

  static PublicClientApplication client() throws Exception {
    return PublicClientApplication.builder(Setting.CLIENT).oidcAuthority(AUTHORITY).build();
  }

  static IAuthenticationResult deviceCode(PublicClientApplication app, String scope) {
    return app.acquireToken(DeviceCodeFlowParameters.builder(Set.of(scope), code -> {}).build()).join();
  }

  static IAuthenticationResult silent(PublicClientApplication app, IAccount account, boolean refresh) throws Exception {
    var parameters = SilentParameters.builder(Set.of(Setting.SCOPE), account).forceRefresh(refresh).build();
    return app.acquireTokenSilently(parameters).join();
  }

  /** A device code with a scope and with `.default`; from the cache, and anew by the refresh token. */
  static Map<String, String> person() throws Exception {
    var seen = new LinkedHashMap<String, String>();
    seen.put("default", deviceCode(client(), Setting.DEFAULT).accessToken());
    var app = client();
    var first = deviceCode(app, Setting.SCOPE);
    seen.put("account", first.account().username());
    seen.put("first", first.accessToken());
    seen.put("silent", silent(app, first.account(), false).accessToken());
    seen.put("refreshed", silent(app, first.account(), true).accessToken());
    return seen;
  }

  /** As by an OpenID Connect authority, but by Microsoft's own kind: how the refresh ends. */
  static Map<String, String> byAuthority() throws Exception {
    var authority = Setting.HOST + "/" + Setting.TENANT;
    var app = PublicClientApplication.builder(Setting.CLIENT).authority(authority).instanceDiscovery(false).build();
    var first = deviceCode(app, Setting.SCOPE);
    try {
      return Map.of("refreshed", silent(app, first.account(), true).accessToken());
    } catch (CompletionException failed) {
      return Map.of("first", first.accessToken());
    }
  }

  static Map<String, String> daemon() throws Exception {
    var certificate = ClientCredentialFactory.createFromCertificate(Setting.key(), Setting.certificate());
    var secret = ClientCredentialFactory.createFromSecret(Setting.of("DAEMON_SECRET"));
    var seen = new LinkedHashMap<String, String>();
    seen.put("secret", app(secret, false));
    seen.put("certificate", app(certificate, false));
    seen.put("certificate with chain", app(certificate, true));
    return seen;
  }

  static String app(IClientCredential proof, boolean chain) throws Exception {
    var app =
        ConfidentialClientApplication.builder(Setting.of("DAEMON"), proof)
            .oidcAuthority(AUTHORITY)
            .sendX5c(chain)
            .build();
    return app.acquireToken(ClientCredentialParameters.builder(Set.of(Setting.DEFAULT)).build()).join().accessToken();
  }

  static Map<String, String> managed() throws Exception {
    var app = ManagedIdentityApplication.builder(ManagedIdentityId.systemAssigned()).build();
    var resource = Setting.SCOPE.substring(0, Setting.SCOPE.lastIndexOf("/"));
    var parameters = ManagedIdentityParameters.builder(resource).build();
    return Map.of("managed", app.acquireTokenForManagedIdentity(parameters).join().accessToken());
  }

  /** An API that calls the next one as its user; and why it gets nothing for an assertion that is the next one's. */
  static Map<String, String> onBehalfOf(String api, String scope) throws Exception {
    var assertion = deviceCode(client(), scope).accessToken();
    var secret = ClientCredentialFactory.createFromSecret(Setting.of("API_SECRET"));
    var app = ConfidentialClientApplication.builder(api, secret).oidcAuthority(AUTHORITY).build();
    var first = asUser(app, assertion);
    var seen = new LinkedHashMap<String, String>();
    seen.put("account", first.account().username());
    seen.put("first", first.accessToken());
    seen.put("cached", asUser(app, assertion).accessToken());
    var anew = SilentParameters.builder(Set.of(Setting.SCOPE), first.account()).forceRefresh(true).build();
    seen.put("refreshed", app.acquireTokenSilently(anew).join().accessToken());
    try {
      asUser(app, first.accessToken());
    } catch (CompletionException refused) {
      var error = (MsalServiceException) refused.getCause();
      seen.put("refused", error.errorCode() + " " + error.getMessage());
    }
    return seen;
  }

  static IAuthenticationResult asUser(ConfidentialClientApplication app, String assertion) {
    var user = new UserAssertion(assertion);
    return app.acquireToken(OnBehalfOfParameters.builder(Set.of(Setting.SCOPE), user).build()).join();
  }

  /** A sign-in, and what a refresh is answered after the policy was changed by `command`. */
  static Map<String, String> refused(String command) throws Exception {
    var app = client();
    var account = deviceCode(app, Setting.SCOPE).account();
    if (new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor() != 0) {
      throw new IllegalStateException(command);
    }
    try {
      silent(app, account, true);
      return Map.of();
    } catch (CompletionException wrapped) {
      var error = (MsalInteractionRequiredException) wrapped.getCause();
      var seen = new LinkedHashMap<String, String>();
      seen.put("code", error.errorCode());
      seen.put("reason", error.reason().toString());
      seen.put("claims", error.claims());
      return seen;
    }
  }
}
