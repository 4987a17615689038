package greeting;

import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Profile;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.preauth.AbstractPreAuthenticatedProcessingFilter;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationProvider;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An app of Spring Boot, 3 or 4, at its defaults: its properties make it a resource server or have
 * it sign in. With the profile `easy-auth` it takes the caller from Easy Auth's header. */
@SpringBootApplication
@EnableMethodSecurity
@RestController
public class App {
  public static void main(String[] arguments) {
    var context = SpringApplication.run(App.class, arguments);
    System.out.println("listens on " + context.getEnvironment().getProperty("local.server.port"));
  }

  @GetMapping("/")
  Map<String, Object> caller(Authentication caller) {
    var authorities = caller.getAuthorities().stream().map(GrantedAuthority::getAuthority).sorted().toList();
    return Map.of("name", caller.getName(), "authorities", authorities);
  }

  @GetMapping("/greeting")
  @PreAuthorize("hasAuthority('SCOPE_Greeting.Read')")
  Map<String, Object> greeting(Authentication caller) {
    return caller(caller);
  }

  /** Who has signed in: what the ID token and userinfo say. */
  @GetMapping("/person")
  Map<String, Object> person(@AuthenticationPrincipal OidcUser person) {
    return Map.of("user", person.getPreferredUsername(), "userinfo", person.getUserInfo().getSubject().equals(person.getSubject()));
  }

  /** The gate has authenticated the caller: the app takes who it was, and refuses those without. */
  @Bean
  @Profile("easy-auth")
  SecurityFilterChain easyAuth(HttpSecurity http) throws Exception {
    var provider = new PreAuthenticatedAuthenticationProvider();
    provider.setPreAuthenticatedUserDetailsService(
        token -> new User(token.getName(), "", roles((String) token.getCredentials())));
    var filter = new PrincipalFilter();
    filter.setAuthenticationManager(new ProviderManager(provider));
    return http.addFilter(filter).authorizeHttpRequests(every -> every.anyRequest().authenticated()).build();
  }

  static final class PrincipalFilter extends AbstractPreAuthenticatedProcessingFilter {
    @Override
    protected Object getPreAuthenticatedPrincipal(HttpServletRequest request) {
      return request.getHeader("X-MS-CLIENT-PRINCIPAL-NAME");
    }

    @Override
    protected Object getPreAuthenticatedCredentials(HttpServletRequest request) {
      return request.getHeader("X-MS-CLIENT-PRINCIPAL");
    }
  }

  /** The app roles, which the principal has under the token's own name, whatever its `role_typ` says. */
  @SuppressWarnings("unchecked")
  static List<GrantedAuthority> roles(String header) {
    var json = new String(Base64.getDecoder().decode(header), StandardCharsets.UTF_8);
    var claims = (List<Map<String, String>>) JsonParserFactory.getJsonParser().parseMap(json).get("claims");
    var roles = claims.stream().filter(claim -> claim.get("typ").equals("roles"));
    return AuthorityUtils.createAuthorityList(roles.map(claim -> "ROLE_" + claim.get("val")).toList());
  }
}
