package dev.likeness.studio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A studio that is killed while photos come, while it trains, generates, checks, edits, exports,
 * encodes photos and erases loses nothing, and leaves no half-written file.
 */
@Tag("slow")
class KilledStudioTest {
  private static final Path SAMPLES = Path.of("../examples/photos/person-5000000002");
  private static final int KILLS = Integer.getInteger("likeness.kills", 3);
  private static final int IMAGES = 4;
  private static final long PATIENCE_NANOS = Duration.ofMinutes(5).toNanos();

  @TempDir
  private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Random random = new Random(7);
  private Process process;
  private URI address;

  @AfterEach
  void kill() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void losesNothingAndGoesOn() throws Exception {
    start();
    String person = "/api/people/"
        + post("/api/people", Map.of("agreed", true, "sample", true)).get("id");
    int stored = 0;
    for (int i = 0; i < KILLS; i++) {
      upload(person, photo(stored));
      stored++;
      client.sendAsync(
          request(person + "/photos?name=b.jpg")
              .POST(HttpRequest.BodyPublishers.ofByteArray(photo(stored)))
              .build(),
          HttpResponse.BodyHandlers.discarding());
      restart(400);
      Map<String, Object> review = get(person + "/photos");
      int now = ((List<?>) review.get("photos")).size();
      assertTrue(now == stored || now == stored + 1, stored + " photos became " + now);
      assertEquals(now, review.get("accepted"), "each photo is whole");
      stored = now;
    }
    post(person + "/training", Map.of("action", "start", "preset", "quick"));
    for (int i = 0; i < KILLS; i++) {
      restart(4000);
    }
    await(person, described -> Boolean.TRUE.equals(described.get("trained")));
    Map<String, Object> started =
        post(person + "/shoots", Map.of("styles", List.of("studio"), "count", IMAGES, "steps", 4));
    String shoot = person + "/shoots/" + started.get("id");
    for (int i = 0; i < KILLS; i++) {
      restart(3000);
    }
    await(shoot, described -> "done".equals(described.get("state")));
    assertEquals(IMAGES, ((List<?>) get(shoot).get("images")).size());
    killWhileItChecks(shoot);
    killWhileItEdits(person + "/images/1");
    killWhileItExports(person + "/images/2");
    killWhileItEncodes(person);
    killWhileItErases(person);
    kill();
    try (SubjectStore store = SubjectStore.open(
        folder.resolve("store"), WrappingKey.ofFile(folder.resolve("store.key")))) {
      assertEquals(List.of(), store.verify());
    }
  }

  private void killWhileItChecks(String shoot) throws Exception {
    for (int i = 0; i < KILLS; i++) {
      get(shoot);
      restart(1500);
    }
    await(
        shoot,
        described -> Boolean.TRUE.equals(((Map<?, ?>) described.get("report")).get("checked")));
  }

  private void killWhileItEncodes(String person) throws Exception {
    upload(person, photo(0));
    upload(person, photo(1));
    String adapter = ((List<?>) get(person + "/training").get("methods"))
        .stream()
            .map(method -> ((Map<?, ?>) method).get("adapter"))
            .filter(Objects::nonNull)
            .map(String::valueOf)
            .findFirst()
            .orElseThrow();
    post(person + "/training", Map.of("action", "start", "method", "adapter", "adapter", adapter));
    for (int i = 0; i < KILLS; i++) {
      restart(1500);
    }
    await(person + "/training", described -> "none".equals(described.get("state")));
    Map<String, Object> described = get(person);
    assertEquals(3, ((List<?>) described.get("identities")).size(), described::toString);
    assertEquals(0, described.get("photos"), "the photos are removed when they are encoded");
  }

  private void killWhileItEdits(String image) throws Exception {
    byte[] generated = bytes(image + "?version=0");
    for (int i = 1; i <= KILLS; i++) {
      post(
          image + "/edits",
          Map.of("action", "start", "backdrop", i % 2 == 0 ? "a red wall" : "a green garden"));
      restart(2500);
      int count = i;
      await(
          image + "/edits",
          edits -> "none".equals(edits.get("state"))
              && ((List<?>) edits.get("versions")).size() == count);
      assertArrayEquals(generated, bytes(image + "?version=0"), "the image as generated stays");
      RgbImage.read("the edited image", bytes(image));
    }
  }

  private void killWhileItExports(String image) throws Exception {
    byte[] stored = bytes(image);
    for (int i = 0; i < KILLS; i++) {
      client.sendAsync(
          request(image + "/file?format=webp&label=AI-generated").build(),
          HttpResponse.BodyHandlers.discarding());
      restart(200);
      assertArrayEquals(stored, bytes(image), "an export changes nothing");
    }
  }

  /** After each kill, a person who was being erased is whole or gone; others stay. */
  private void killWhileItErases(String other) throws Exception {
    for (int i = 0; i < KILLS; i++) {
      String person = "/api/people/"
          + post("/api/people", Map.of("agreed", true, "sample", true)).get("id");
      upload(person, photo(0));
      client.sendAsync(request(person).DELETE().build(), HttpResponse.BodyHandlers.discarding());
      restart(60);
      List<?> people = (List<?>) get("/api/people").get("people");
      boolean isThere = people.stream()
          .anyMatch(one -> person.endsWith(String.valueOf(((Map<?, ?>) one).get("id"))));
      if (isThere) {
        assertEquals(1, get(person + "/photos").get("accepted"), "the person is whole");
        send(request(person).DELETE());
      }
      assertEquals(IMAGES, get(other).get("images"), "the other person stays");
    }
  }

  private byte[] bytes(String path) throws Exception {
    HttpResponse<byte[]> reply =
        client.send(request(path).build(), HttpResponse.BodyHandlers.ofByteArray());
    assertEquals(200, reply.statusCode());
    return reply.body();
  }

  private static byte[] photo(int index) throws IOException {
    return Files.readAllBytes(
        SAMPLES.resolve(String.format(java.util.Locale.ROOT, "selfie-%02d.jpg", index + 1)));
  }

  private void start() throws Exception {
    process = new ProcessBuilder(
            System.getProperty("java.home") + "/bin/java",
            "-Xmx2g",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            StudioProcess.class.getName(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    address = URI.create(out.readLine());
    await("/api/studio", studio -> "ready".equals(((Map<?, ?>) studio.get("base")).get("state")));
  }

  /** Kills the process after a random time of at most {@code most} milliseconds. */
  private void restart(int most) throws Exception {
    Thread.sleep(random.nextInt(most));
    process.destroyForcibly().waitFor();
    start();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address.resolve(path))
        .header("Authorization", "Bearer " + address.getQuery().substring("token=".length()));
  }

  private Map<String, Object> get(String path) throws Exception {
    return send(request(path));
  }

  private Map<String, Object> post(String path, Map<String, ?> body) throws Exception {
    return send(request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(JSON.std.asString(body))));
  }

  private void upload(String person, byte[] photo) throws Exception {
    send(
        request(person + "/photos?name=a.jpg").POST(HttpRequest.BodyPublishers.ofByteArray(photo)));
  }

  private Map<String, Object> send(HttpRequest.Builder request) throws Exception {
    HttpResponse<byte[]> reply =
        client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    Map<String, Object> json = JSON.std.mapFrom(reply.body());
    assertTrue(reply.statusCode() < 300, json::toString);
    return json;
  }

  private void await(String path, Predicate<Map<String, Object>> condition) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    Map<String, Object> now = get(path);
    while (!condition.test(now)) {
      assertTrue(System.nanoTime() < end, now.toString());
      Thread.sleep(100);
      now = get(path);
    }
  }
}
