import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.LinkedHashMap;
import java.util.Set;

/** A resource server's view by Nimbus: of each token of its input, a line, its `scp` or why it is refused. */
final class Nimbus {
  public static void main(String[] arguments) throws Exception {
    var issuer = new Issuer(arguments[0]);
    var metadata = OIDCProviderMetadata.resolve(issuer);
    var keys = JWKSourceBuilder.<SecurityContext>create(metadata.getJWKSetURI().toURL()).build();
    var processor = new DefaultJWTProcessor<SecurityContext>();
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, keys));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            arguments[1],
            new JWTClaimsSet.Builder().issuer(metadata.getIssuer().getValue()).build(),
            Set.of("exp", "nbf", "iat", "sub")));
    var seen = new LinkedHashMap<String, Object>();
    var lines = new BufferedReader(new InputStreamReader(System.in)).lines().toList();
    for (var line : lines) {
      var token = line.split("\t");
      try {
        seen.put(token[0], String.valueOf(processor.process(token[1], null).getStringClaim("scp")));
      } catch (Exception refused) {
        seen.put(token[0], "refused: " + refused.getMessage());
      }
    }
    Setting.print(seen);
  }
}
