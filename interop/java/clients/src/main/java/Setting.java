import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Map;

/** What the environment says of the stack, and how an answer is printed. */
final class Setting {
  static final String HOST = System.getenv("AZURE_AUTHORITY_HOST");
  static final String TENANT = System.getenv("AZURE_TENANT_ID");
  static final String CLIENT = System.getenv("AZURE_CLIENT_ID");
  static final String SCOPE = of("GREETING_SCOPE");
  static final String DEFAULT = SCOPE.substring(0, SCOPE.lastIndexOf("/") + 1) + ".default";

  static String of(String name) {
    var value = System.getenv(name);
    if (value == null) throw new IllegalStateException(name + " is not set");
    return value;
  }

  static byte[] pem(String label) throws Exception {
    var text = Files.readString(Path.of(of("DAEMON_PEM")));
    var begin = "-----BEGIN " + label + "-----";
    var start = text.indexOf(begin) + begin.length();
    return Base64.getMimeDecoder().decode(text.substring(start, text.indexOf("-----END " + label + "-----")));
  }

  static PrivateKey key() throws Exception {
    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pem("PRIVATE KEY")));
  }

  static X509Certificate certificate() throws Exception {
    var factory = CertificateFactory.getInstance("X.509");
    return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(pem("CERTIFICATE")));
  }

  static void print(Map<String, ?> answer) {
    System.out.println(JSONObjectUtils.toJSONString(answer));
  }
}
