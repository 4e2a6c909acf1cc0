package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The document and the server have the same routes, because one table makes both. */
class OpenApiDocumentTest {
  @TempDir
  private Path folder;

  @Test
  void describesEveryRouteThatTheServerAnswers() throws Exception {
    try (RunningStudio studio = RunningStudio.withoutBase(folder)) {
      Map<String, Object> document = studio.get("/api/openapi.json").json();
      assertEquals("3.1.0", document.get("openapi"));
      Map<?, ?> paths = (Map<?, ?>) document.get("paths");
      Set<Object> names = new HashSet<>();
      int operations = 0;
      for (Map.Entry<?, ?> path : paths.entrySet()) {
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) path.getValue()).entrySet()) {
          Map<?, ?> operation = (Map<?, ?>) entry.getValue();
          operations++;
          assertTrue(names.add(operation.get("operationId")), "names are unique: " + names);
          assertFalse(String.valueOf(operation.get("summary")).isBlank());
          int status = call(studio, (String) path.getKey(), (String) entry.getKey(), operation);
          assertNotEquals(405, status, path.getKey() + " " + entry.getKey());
          assertNotEquals(500, status, path.getKey() + " " + entry.getKey());
        }
      }
      assertEquals(new Routes(studio.studio, new EventStreams()).table().size(), operations);
    }
  }

  /** Calls an operation as a client would that knows nothing but the document. */
  private static int call(RunningStudio studio, String path, String method, Map<?, ?> operation)
      throws Exception {
    if (path.equals("/api/events")) {
      return 200;
    }
    String filled = path;
    List<?> parameters = operation.get("parameters") instanceof List<?> given ? given : List.of();
    for (Object one : parameters) {
      Map<?, ?> parameter = (Map<?, ?>) one;
      if ("path".equals(parameter.get("in"))) {
        String pattern = (String) ((Map<?, ?>) parameter.get("schema")).get("pattern");
        String value = List.of("0".repeat(32), "0".repeat(16), "1", "none").stream()
            .filter(text -> Pattern.matches(pattern, text))
            .findFirst()
            .orElseThrow();
        filled = filled.replace("{" + parameter.get("name") + "}", value);
      }
    }
    HttpRequest.Builder request = studio.own(filled);
    if (operation.get("requestBody") instanceof Map<?, ?> body) {
      String type =
          (String) ((Map<?, ?>) body.get("content")).keySet().iterator().next();
      String text = type.equals("application/json") ? JSON.std.asString(Map.of()) : "x";
      request
          .header("Content-Type", type)
          .method(method.toUpperCase(Locale.ROOT), HttpRequest.BodyPublishers.ofString(text));
    } else {
      request.method(method.toUpperCase(Locale.ROOT), HttpRequest.BodyPublishers.noBody());
    }
    return studio.send(request).status();
  }
}
