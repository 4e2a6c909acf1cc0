package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.hub.LocalHub;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A studio that is killed while it downloads a model goes on with what had come. */
class KilledStudioDownloadTest {
  private static final int KILLS = 3;
  private static final int PATIENCE = 600;
  private static final String MODEL = "taesd";
  private static final String REPOSITORY = "madebyollin/taesd";
  private static final String FILE = "diffusion_pytorch_model.safetensors";

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
  void goesOnWithWhatHadCome() throws Exception {
    byte[] weights = new byte[6_000_000];
    random.nextBytes(weights);
    try (LocalHub hub = new LocalHub()) {
      hub.repository(REPOSITORY).small("config.json", "{}").large(FILE, weights);
      hub.slow(REPOSITORY + ":" + FILE, KILLS + 3);
      for (int i = 0; i < KILLS; i++) {
        start(hub);
        ask("plan");
        ask("get");
        await("running");
        Thread.sleep(50 + random.nextInt(150));
        kill();
        assertEquals(List.of(), whole(), "what is not whole does not have the name of the file");
      }
      start(hub);
      assertEquals(false, model().get("here"));
      ask("plan");
      ask("get");
      for (int i = 0; i < PATIENCE && Boolean.FALSE.equals(model().get("here")); i++) {
        Thread.sleep(100);
      }
      assertEquals(true, model().get("here"), model()::toString);
      assertArrayEquals(weights, Files.readAllBytes(whole().get(0)));
      assertTrue(
          hub.requests().stream()
              .anyMatch(request -> request.server().equals("storage") && request.range() != null),
          "a download continued");
    }
  }

  private List<Path> whole() throws IOException {
    Path cache = folder.resolve("cache");
    try (Stream<Path> all = Files.exists(cache) ? Files.walk(cache) : Stream.empty()) {
      return all.filter(file -> file.endsWith(FILE)).toList();
    }
  }

  private void start(LocalHub hub) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(
        Outside.jdk("java"),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        LikenessCommand.class.getName(),
        "studio",
        "--store",
        folder.resolve("people").toString(),
        "--key",
        folder.resolve("store.key").toString());
    builder
        .environment()
        .putAll(Map.of(
            "HF_ENDPOINT",
            hub.address().toString(),
            "HF_HUB_CACHE",
            folder.resolve("cache").toString(),
            "HF_HOME",
            folder.resolve("home").toString(),
            "HF_HUB_OFFLINE",
            "0",
            "TRANSFORMERS_OFFLINE",
            "0",
            "HF_TOKEN",
            ""));
    process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    address = URI.create(out.readLine());
  }

  private void await(String state) throws Exception {
    for (int i = 0; i < PATIENCE; i++) {
      if (model().get("download") instanceof Map<?, ?> download
          && state.equals(download.get("state"))) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError(model().toString());
  }

  private Map<?, ?> model() throws Exception {
    return ((List<?>) send(request("/api/models")).get("models"))
        .stream()
            .<Map<?, ?>>map(model -> (Map<?, ?>) model)
            .filter(model -> MODEL.equals(model.get("name")))
            .findFirst()
            .orElseThrow();
  }

  private void ask(String action) throws Exception {
    send(request("/api/models/" + MODEL)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString("{\"action\": \"" + action + "\"}")));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address.resolve(path))
        .header("Authorization", "Bearer " + address.getQuery().substring("token=".length()));
  }

  private Map<String, Object> send(HttpRequest.Builder request) throws Exception {
    HttpResponse<byte[]> reply =
        client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    Map<String, Object> json = JSON.std.mapFrom(reply.body());
    assertTrue(reply.statusCode() < 300, json::toString);
    return json;
  }
}
