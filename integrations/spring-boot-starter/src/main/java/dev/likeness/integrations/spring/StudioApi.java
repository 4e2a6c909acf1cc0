package dev.likeness.integrations.spring;

import dev.likeness.studio.StudioOptions;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.HttpRequestHandler;

/**
 * Passes requests of the application to the studio on the loopback interface, and its answers back
 * while they come.
 */
final class StudioApi implements HttpRequestHandler {
  private static final int BUFFER = 1 << 14;
  private static final int UNAVAILABLE = 503;
  private static final List<String> ASKED =
      List.of("Accept", "Content-Type", "Range", "Sec-Fetch-Site", "Sec-Fetch-Mode");
  private static final List<String> ANSWERED = List.of(
      "Accept-Ranges",
      "Cache-Control",
      "Content-Disposition",
      "Content-Range",
      "Content-Security-Policy",
      "Content-Type",
      "Cross-Origin-Resource-Policy",
      "Referrer-Policy",
      "X-Content-Type-Options");

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI studio;
  private final StudioOptions.ProxyHeader secret;
  private final String path;

  StudioApi(URI studio, StudioOptions.ProxyHeader secret, String path) {
    this.studio = studio;
    this.secret = secret;
    this.path = path;
  }

  @Override
  public void handleRequest(HttpServletRequest asked, HttpServletResponse answer)
      throws IOException {
    try {
      HttpResponse<InputStream> reply =
          client.send(request(asked), HttpResponse.BodyHandlers.ofInputStream());
      answer.setStatus(reply.statusCode());
      ANSWERED.forEach(name ->
          reply.headers().firstValue(name).ifPresent(value -> answer.setHeader(name, value)));
      reply.headers().firstValueAsLong("Content-Length").ifPresent(answer::setContentLengthLong);
      pass(reply.body(), answer.getOutputStream());
    } catch (IOException e) {
      refuse(answer, "the studio does not answer; it may be shutting down");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      refuse(answer, "the application is shutting down");
    }
  }

  private HttpRequest request(HttpServletRequest asked) {
    String prefix = asked.getContextPath() + path;
    String query = asked.getQueryString() == null ? "" : "?" + asked.getQueryString();
    // What was matched may have been written with other escapes; the studio reads the path itself.
    String rest = asked.getRequestURI().startsWith(prefix + "/api/")
        ? asked.getRequestURI().substring(prefix.length())
        : "/api/";
    HttpRequest.Builder request = HttpRequest.newBuilder(studio.resolve(rest + query));
    for (String name : ASKED) {
      String value = asked.getHeader(name);
      if (value != null) {
        request.header(name, value);
      }
    }
    if (isForeign(asked.getHeader("Origin"), asked.getHeader("Host"))) {
      request.header("Origin", asked.getHeader("Origin"));
    }
    return request
        .header(secret.name(), secret.secret())
        .method(asked.getMethod(), body(asked))
        .build();
  }

  /** An origin of the application itself is no origin of the studio, which would refuse it. */
  private static boolean isForeign(@Nullable String origin, @Nullable String host) {
    return origin != null
        && !origin.equalsIgnoreCase("http://" + host)
        && !origin.equalsIgnoreCase("https://" + host);
  }

  private static HttpRequest.BodyPublisher body(HttpServletRequest asked) {
    long length = asked.getContentLengthLong();
    if (length == 0 || length < 0 && asked.getHeader("Transfer-Encoding") == null) {
      return HttpRequest.BodyPublishers.noBody();
    }
    HttpRequest.BodyPublisher stream = HttpRequest.BodyPublishers.ofInputStream(() -> {
      try {
        return asked.getInputStream();
      } catch (IOException e) {
        return InputStream.nullInputStream();
      }
    });
    return length < 0 ? stream : HttpRequest.BodyPublishers.fromPublisher(stream, length);
  }

  private static void pass(InputStream from, OutputStream to) throws IOException {
    byte[] buffer = new byte[BUFFER];
    try (from) {
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        to.write(buffer, 0, n);
        // Events and progress are sent when they come.
        to.flush();
      }
    }
  }

  private static void refuse(HttpServletResponse answer, String message) throws IOException {
    if (!answer.isCommitted()) {
      answer.reset();
      answer.setStatus(UNAVAILABLE);
      answer.setContentType("application/json");
      answer
          .getOutputStream()
          .write(("{\"error\":\"" + message + "\"}").getBytes(StandardCharsets.UTF_8));
    }
  }
}
