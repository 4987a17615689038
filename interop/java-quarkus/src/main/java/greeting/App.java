package greeting;

import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import jakarta.annotation.security.RolesAllowed;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.Map;

/** A service whose properties say where its tokens come from, or where people sign in. */
@Path("/")
public class App {
  @Inject SecurityIdentity caller;

  @GET
  @Authenticated
  public Map<String, Object> caller() {
    return Map.of("name", caller.getPrincipal().getName(), "authorities", caller.getRoles().stream().sorted().toList());
  }

  @GET
  @Path("greeting")
  @RolesAllowed("Greeting.Read")
  public Map<String, Object> greeting() {
    return caller();
  }
}
