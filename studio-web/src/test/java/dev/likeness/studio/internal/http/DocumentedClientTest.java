package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client that is made from the OpenAPI document alone does everything from selfies to the
 * erasure: paths, parameters, fields, status and media type of each operation are those of the
 * document.
 */
@Tag("slow")
class DocumentedClientTest {
  @TempDir
  private Path folder;

  /** Calls operations by their names, as a generated client does. */
  private static final class Client {
    private final RunningStudio studio;
    private final Map<String, Map<?, ?>> operations = new HashMap<>();
    private final Map<String, String> routes = new HashMap<>();
    private final Set<String> called = new HashSet<>();

    Client(RunningStudio studio) {
      this.studio = studio;
      Map<?, ?> paths = (Map<?, ?>) studio.get("/api/openapi.json").json().get("paths");
      paths.forEach((path, methods) -> ((Map<?, ?>) methods).forEach((method, operation) -> {
        String id = String.valueOf(((Map<?, ?>) operation).get("operationId"));
        operations.put(id, (Map<?, ?>) operation);
        routes.put(id, String.valueOf(method).toUpperCase(Locale.ROOT) + " " + path);
      }));
    }

    private static List<?> list(Object value) {
      return value instanceof List<?> list ? list : List.of();
    }

    /** Returns the request of an operation; refuses what the document does not have. */
    private HttpRequest.Builder request(String id, Map<String, ?> parameters, Object body)
        throws IOException {
      Map<?, ?> operation = operations.get(id);
      assertNotNull(operation, id);
      String[] route = routes.get(id).split(" ");
      String path = route[1];
      StringBuilder query = new StringBuilder();
      Set<String> unused = new HashSet<>(parameters.keySet());
      for (Object one : list(operation.get("parameters"))) {
        Map<?, ?> parameter = (Map<?, ?>) one;
        String name = String.valueOf(parameter.get("name"));
        Object value = parameters.get(name);
        unused.remove(name);
        if ("path".equals(parameter.get("in"))) {
          String pattern = (String) ((Map<?, ?>) parameter.get("schema")).get("pattern");
          assertTrue(String.valueOf(value).matches(pattern), id + ": " + name + " is " + value);
          path = path.replace("{" + name + "}", String.valueOf(value));
        } else if (value != null) {
          query
              .append(query.isEmpty() ? '?' : '&')
              .append(name)
              .append('=')
              .append(URLEncoder.encode(String.valueOf(value), StandardCharsets.UTF_8));
        }
      }
      assertEquals(Set.of(), unused, id + " has parameters that the document does not name");
      HttpRequest.Builder request = studio.own(path + query);
      return operation.get("requestBody") instanceof Map<?, ?> described
          ? body(request, route[0], id, (Map<?, ?>) described.get("content"), body)
          : request.method(route[0], HttpRequest.BodyPublishers.noBody());
    }

    private static HttpRequest.Builder body(
        HttpRequest.Builder request, String method, String id, Map<?, ?> content, Object body)
        throws IOException {
      String type = String.valueOf(content.keySet().iterator().next());
      request.header("Content-Type", type);
      if (body instanceof byte[] file) {
        assertEquals("application/octet-stream", type, id);
        return request.method(method, HttpRequest.BodyPublishers.ofByteArray(file));
      }
      Map<?, ?> fields = (Map<?, ?>) body;
      Map<?, ?> schema = (Map<?, ?>) ((Map<?, ?>) content.get(type)).get("schema");
      Map<?, ?> known = (Map<?, ?>) schema.get("properties");
      list(schema.get("required")).forEach(name -> assertTrue(fields.containsKey(name), id));
      fields.forEach((name, value) -> {
        assertTrue(known.containsKey(name), id + " has no field " + name);
        String wanted = String.valueOf(((Map<?, ?>) known.get(name)).get("type"));
        assertTrue(
            switch (wanted) {
              case "boolean" -> value instanceof Boolean;
              case "integer" -> value instanceof Integer;
              case "number" -> value instanceof Number;
              case "array" -> value instanceof List;
              case "object" -> value instanceof Map;
              default -> value instanceof String;
            },
            id + ": " + name + " is no " + wanted);
      });
      return request.method(method, HttpRequest.BodyPublishers.ofString(JSON.std.asString(fields)));
    }

    RunningStudio.Reply send(String id, Map<String, ?> parameters, Object body) throws IOException {
      return studio.send(request(id, parameters, body));
    }

    /** Calls an operation, whose answer must be the one that the document promises. */
    RunningStudio.Reply call(String id, Map<String, ?> parameters, Object body) throws IOException {
      return checked(id, send(id, parameters, body));
    }

    RunningStudio.Reply checked(String id, RunningStudio.Reply reply) {
      Map<?, ?> answers = (Map<?, ?>) operations.get(id).get("responses");
      Map<?, ?> promised = (Map<?, ?>) answers.get(String.valueOf(reply.status()));
      assertNotNull(promised, () -> id + ": " + reply.status() + " " + reply.error());
      String type = String.valueOf(
          ((Map<?, ?>) promised.get("content")).keySet().iterator().next());
      String given = reply.header("Content-Type");
      assertTrue(
          type.equals("application/octet-stream")
              ? given.startsWith("image/")
              : given.startsWith(type),
          id + " answers with " + given);
      called.add(id);
      return reply;
    }

    RunningStudio.Reply sendQuietly(String id, Map<String, ?> parameters) {
      try {
        return checked(id, send(id, parameters, Map.of()));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    /** Calls an operation until it succeeds: what it shows exists only while a job runs. */
    void catchOnce(String id, Map<String, ?> parameters) {
      RunningStudio.await(
          () -> {
            try {
              RunningStudio.Reply reply = send(id, parameters, Map.of());
              return reply.status() < 300 && checked(id, reply) != null;
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          },
          id);
    }

    Set<String> uncalled() {
      Set<String> left = new TreeSet<>(operations.keySet());
      left.removeAll(called);
      return left;
    }
  }

  @Test
  void aClientOfTheDocumentReachesEveryOperation() throws Exception {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      Client client = new Client(studio);
      for (String id : List.of("describeApi", "describeStudio", "listPeople", "listStyles")) {
        client.call(id, Map.of(), Map.of());
      }
      listens(client);
      Object person = client
          .call("addPerson", Map.of(), Map.of("agreed", true, "sample", true))
          .json()
          .get("id");
      Map<String, Object> at = Map.of("person", person);
      for (byte[] photo : RunningStudio.samples().subList(0, 6)) {
        Object id = client
            .call("addPhoto", Map.of("person", person, "name", "a b.jpg"), photo)
            .json()
            .get("id");
        client.call("showPhoto", Map.of("person", person, "photo", id), Map.of());
      }
      Map<?, ?> photo = (Map<?, ?>)
          ((List<?>) client.call("reviewPhotos", at, Map.of()).json().get("photos")).get(5);
      client.call("removePhoto", Map.of("person", person, "photo", photo.get("id")), Map.of());
      client.call("describeTraining", at, Map.of());
      client.call(
          "train",
          at,
          Map.of("action", "start", "method", "lora", "preset", "quick", "previews", true));
      client.catchOnce("showTrainingPreview", at);
      RunningStudio.await(
          () -> Boolean.TRUE.equals(studio.get("/api/people/" + person).json().get("trained")),
          "the training");
      shootsAndEdits(client, studio, person);
      client.call("describePerson", at, Map.of());
      client.call("measureLikeness", at, Map.of());
      playsAndListsModels(client);
      client.call("erasePerson", at, Map.of());

      RunningStudio.Reply refused = client.send(
          "addReference", Map.of("name", "a.png"), RunningStudio.samples().get(0));
      assertEquals(422, refused.status(), "portrait takes no reference images");
      assertTrue(!refused.error().isBlank());
      assertEquals(Set.of("addReference"), client.uncalled());
    }
  }

  /** An event stream does not end, so the client reads its beginning. */
  private static void listens(Client client) throws Exception {
    HttpResponse<InputStream> stream = HttpClient.newHttpClient()
        .send(
            client.request("listen", Map.of(), Map.of()).build(),
            HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = stream.body()) {
      assertEquals(200, stream.statusCode());
      assertTrue(
          stream.headers().firstValue("Content-Type").orElse("").startsWith("text/event-stream"));
      assertTrue(in.read() >= 0);
    }
    client.called.add("listen");
  }

  private static void shootsAndEdits(Client client, RunningStudio studio, Object person)
      throws IOException {
    Map<String, Object> at = Map.of("person", person);
    Object id = client
        .call(
            "shoot",
            at,
            Map.of(
                "styles",
                List.of("studio"),
                "count",
                1,
                "strength",
                0.9,
                "steps",
                40,
                "outfit",
                "a red suit",
                "backdrop",
                "a garden"))
        .json()
        .get("id");
    Map<String, Object> shoot = Map.of("person", person, "shoot", id);
    client.catchOnce("showShootPreview", shoot);
    client.call("changeShoot", shoot, Map.of("action", "pause"));
    RunningStudio.await(
        () -> "paused".equals(state(client, "describeShoot", shoot)), "the shoot is paused");
    client.call("changeShoot", shoot, Map.of("action", "resume"));
    RunningStudio.await(
        () -> "done".equals(state(client, "describeShoot", shoot)), "the shoot is done");
    client.catchOnce("saveReport", shoot);
    client.call("listShoots", at, Map.of());
    Map<String, Object> image = Map.of("person", person, "image", 1);
    client.call("showImage", image, Map.of());
    client.call("chooseImage", image, Map.of("choice", "keep"));
    client.call(
        "editImage", image, Map.of("action", "start", "light", "dim light", "strength", 0.4));
    RunningStudio.await(
        () -> "none".equals(state(client, "describeEdits", image)), "the edit is done");
    client.call("describeEdits", image, Map.of());
    client.call("showImage", Map.of("person", person, "image", 1, "version", 0), Map.of());
    byte[] file = client
        .call(
            "exportImage",
            Map.of("person", person, "image", 1, "crop", "4:5", "format", "jpeg", "label", "AI"),
            Map.of())
        .body();
    assertEquals(true, client.call("verifyCredentials", Map.of(), file).json().get("disclosed"));
  }

  private static Object state(Client client, String id, Map<String, Object> at) {
    return client.sendQuietly(id, at).json().get("state");
  }

  private static void playsAndListsModels(Client client) throws IOException {
    client.call("planSigmas", Map.of("scheduler", "euler", "steps", 4), Map.of());
    client.call(
        "generateGrid",
        Map.of(),
        Map.of(
            "action", "start",
            "prompt", "a woman",
            "negative", "dark",
            "seed", 3,
            "count", 1,
            "steps", 20,
            "guidance", 2));
    client.catchOnce("showGridPreview", Map.of());
    RunningStudio.await(
        () -> "done"
            .equals(((Map<?, ?>)
                    client.sendQuietly("describePlayground", Map.of()).json().get("grid"))
                .get("state")),
        "the grid is done");
    client.call("describePlayground", Map.of(), Map.of());
    client.call("showGridImage", Map.of("image", 1), Map.of());
    client.call("listModels", Map.of(), Map.of());
    client.call("getModel", Map.of("model", KnownModels.GETTABLE), Map.of("action", "plan"));
  }
}
