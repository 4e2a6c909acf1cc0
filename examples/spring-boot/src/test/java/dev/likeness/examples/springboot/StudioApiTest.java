package dev.likeness.examples.springboot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** The studio's API, mounted in an application by a property. */
class StudioApiTest {
  private static final Path PHOTO =
      Path.of("../photos/person-5000000002/selfie-01.jpg").toAbsolutePath().normalize();
  private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-f]{32})\"");

  @TempDir
  private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private String root;

  /** An application that has nothing but the starter. */
  @Configuration
  @EnableAutoConfiguration
  static class Plain {}

  private ConfigurableApplicationContext start(String... arguments) {
    String[] all = java.util.stream.Stream.concat(
            java.util.stream.Stream.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--server.servlet.context-path=/app",
                "--likeness.device=cpu",
                "--likeness.dtype=f32",
                "--likeness.studio.store=" + folder.resolve("store"),
                "--likeness.studio.key-file=" + folder.resolve("store.key")),
            java.util.stream.Stream.of(arguments))
        .toArray(String[]::new);
    ConfigurableApplicationContext context = SpringApplication.run(Plain.class, all);
    root = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
    return context;
  }

  @Test
  void isMountedOnRequest() throws Exception {
    try (ConfigurableApplicationContext context = start("--likeness.studio.path=/studio")) {
      String api = root + "/app/studio/api";
      awaitReady(api);
      CompletableFuture<String> event = firstEvent(api);
      HttpResponse<String> added =
          send(json(api + "/people", "{\"agreed\":true,\"name\":\"Ada\"}"));
      assertEquals(201, added.statusCode(), added.body());
      Matcher id = ID.matcher(added.body());
      assertTrue(id.find(), added.body());
      String person = api + "/people/" + id.group(1);
      HttpResponse<String> uploaded =
          send(request(person + "/photos?name=a%20b.jpg").POST(BodyPublishers.ofFile(PHOTO)));
      assertEquals(201, uploaded.statusCode(), uploaded.body());
      assertTrue(uploaded.body().contains("\"name\":\"a b.jpg\""), uploaded.body());
      assertTrue(
          event.get(30, TimeUnit.SECONDS).startsWith("data:"), "events come while they happen");

      Matcher photo = ID.matcher(uploaded.body());
      assertTrue(photo.find());
      byte[] image = bytes(request(person + "/photos/" + photo.group(1)), 200);
      byte[] part =
          bytes(request(person + "/photos/" + photo.group(1)).header("Range", "bytes=0-7"), 206);
      assertArrayEquals(java.util.Arrays.copyOf(image, 8), part);
      refuses(api, person);
      assertEquals(200, send(request(person).DELETE()).statusCode());
    }
  }

  private void refuses(String api, String person) throws Exception {
    HttpResponse<String> foreign = send(json(api + "/people", "{\"agreed\":true,\"name\":\"Eve\"}")
        .header("Origin", "http://evil.example"));
    assertEquals(403, foreign.statusCode(), "a page of another site sent it");
    assertEquals(
        201,
        send(json(api + "/people", "{\"agreed\":true,\"name\":\"Ben\"}").header("Origin", root))
            .statusCode(),
        "a page of the application sent it");
    HttpResponse<String> empty = send(json(api + "/people", "{}"));
    assertEquals(422, empty.statusCode());
    assertTrue(empty.body().contains("without consent no photo is accepted"), empty.body());
    for (String path : new String[] {
      "/app/studio",
      "/app/studio/",
      "/app/studio/page/app.js",
      "/app/api/people",
      "/studio/api/people"
    }) {
      assertEquals(404, send(request(root + path)).statusCode(), path);
    }
    assertTrue(
        send(request(person + "/../../../store.key")).statusCode() >= 400, "no way out of the API");
  }

  @Test
  void isNotMountedUnasked() throws Exception {
    try (ConfigurableApplicationContext context = start()) {
      assertEquals(404, send(request(root + "/app/studio/api/people")).statusCode());
      assertFalse(Files.exists(folder.resolve("store")), "nothing was created");
      assertFalse(context.containsBean("likenessWebStudio"));
    }
  }

  private void awaitReady(String api) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    String studio = send(request(api + "/studio")).body();
    while (!studio.contains("\"state\":\"ready\"")) {
      assertTrue(System.nanoTime() < end, studio);
      Thread.sleep(100);
      studio = send(request(api + "/studio")).body();
    }
  }

  /** Opens the stream of events, and returns its first event once it has come. */
  private CompletableFuture<String> firstEvent(String api) throws Exception {
    HttpResponse<java.io.InputStream> stream =
        client.send(request(api + "/events").build(), BodyHandlers.ofInputStream());
    assertEquals(200, stream.statusCode());
    assertEquals(
        "text/event-stream", stream.headers().firstValue("Content-Type").orElse(""));
    return CompletableFuture.supplyAsync(() -> {
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
        return lines
            .lines()
            .filter(line -> line.startsWith("data:"))
            .findFirst()
            .orElseThrow();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    });
  }

  private static HttpRequest.Builder request(String address) {
    return HttpRequest.newBuilder(URI.create(address));
  }

  private static HttpRequest.Builder json(String address, String body) {
    return request(address)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private byte[] bytes(HttpRequest.Builder request, int status) throws Exception {
    HttpResponse<byte[]> reply = client.send(request.build(), BodyHandlers.ofByteArray());
    assertEquals(status, reply.statusCode());
    return reply.body();
  }
}
