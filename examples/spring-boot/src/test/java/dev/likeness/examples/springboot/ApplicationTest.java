package dev.likeness.examples.springboot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.embed.FaceEmbedder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

/** The application over HTTP, on the embedded base with a short training. */
class ApplicationTest {
  private static final String PHOTOS = "examples/photos/person-5000000002";
  private static final String BOUNDARY = "part-of-the-test";
  private static final Pattern PNG = Pattern.compile("\"png\":\"([^\"]+)\"");

  private static ConfigurableApplicationContext context;
  private static String root;

  private final HttpClient client = HttpClient.newHttpClient();

  /** Two steps of training, with a preview after each. */
  @Configuration
  static class ShortTraining {
    @Bean
    @Primary
    HeadshotStudio shortStudio(BaseModel base, FaceEmbedder embedder) {
      return HeadshotStudio.on(base)
          .training(TrainingSettings.quick().steps(2).batchSize(1).rank(4))
          .validation(1, embedder);
    }
  }

  @BeforeAll
  static void start() {
    context = new SpringApplication(Application.class, ShortTraining.class)
        .run("--server.port=0", "--likeness.device=cpu", "--likeness.dtype=f32");
    root = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  @Test
  void leadsFromSelfiesToChosenHeadshotsAndErasesThem() throws Exception {
    HttpResponse<String> uploaded = upload("Ada, for her profile page", selfies());
    assertEquals(201, uploaded.statusCode(), uploaded.body());
    assertTrue(uploaded.body().contains("\"accepted\":6"), uploaded.body());
    String person = "/people/" + value(uploaded.body(), "id");
    assertEquals(400, post(person + "/shoots").statusCode());

    BlockingQueue<String> training = events(person);
    assertEquals(202, post(person + "/training").statusCode());
    List<String> learnt = untilEnd(training);
    assertEquals("event:done", learnt.get(learnt.size() - 1));
    assertTrue(learnt.contains("event:step"), learnt.toString());
    assertEquals(256, preview(learnt).width());
    assertTrue(get(person).body().contains("\"trained\":true"));

    BlockingQueue<String> shooting = events(person);
    assertEquals(202, post(person + "/shoots?style=office&count=2&steps=2").statusCode());
    List<String> shot = untilEnd(shooting);
    assertEquals("event:done", shot.get(shot.size() - 1));
    assertEquals(2, shot.stream().filter("event:preview"::equals).count());
    assertTrue(get(person).body().contains("\"headshots\":[1,2]"), get(person).body());

    assertEquals(400, send("PUT", person + "/headshots?keep=3").statusCode());
    HttpResponse<String> chosen = send("PUT", person + "/headshots?keep=2");
    assertTrue(chosen.body().contains("\"headshots\":[2]"), chosen.body());
    assertEquals(404, get(person + "/headshots/1.png").statusCode());
    byte[] png = client
        .send(request(person + "/headshots/2.png").build(), BodyHandlers.ofByteArray())
        .body();
    assertEquals(256, RgbImage.read("headshot", png).width());

    BlockingQueue<String> stopped = events(person);
    assertEquals(202, post(person + "/shoots?count=16&steps=50").statusCode());
    assertEquals(400, post(person + "/training").statusCode());
    assertEquals(200, send("DELETE", person + "/job").statusCode());
    List<String> cancelled = untilEnd(stopped);
    assertEquals("event:cancelled", cancelled.get(cancelled.size() - 1));
    assertTrue(get(person).body().contains("\"job\":\"CANCELLED\""));

    assertEquals(202, post(person + "/shoots?count=16&steps=50").statusCode());
    assertEquals(200, send("DELETE", person).statusCode());
    assertEquals(404, get(person).statusCode());
    assertEquals(404, get(person + "/headshots/2.png").statusCode());
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    HttpResponse<String> noConsent = upload(" ", selfies().subList(0, 1));
    assertEquals(400, noConsent.statusCode());
    assertTrue(noConsent.body().contains("the text of a consent is empty"), noConsent.body());
    HttpResponse<String> noPhoto = upload("Ada", List.of("no photo".getBytes()));
    assertEquals(400, noPhoto.statusCode(), noPhoto.body());
    assertEquals(404, get("/people/nobody").statusCode());
    HttpResponse<String> uploaded = upload("Ada", selfies().subList(0, 2));
    String person = "/people/" + value(uploaded.body(), "id");
    assertEquals(400, post(person + "/shoots?style=none").statusCode());
    HttpResponse<String> many = post(person + "/shoots?count=33");
    assertEquals(400, many.statusCode());
    assertTrue(
        many.body().contains("a request has at most 32 headshots, got 33; ask for fewer"),
        many.body());
    assertEquals(400, post(person + "/shoots?steps=101").statusCode());
    assertEquals(400, post(person + "/shoots?count=2147483647").statusCode());
    HttpResponse<String> album = upload("Ada", Collections.nCopies(21, new byte[1]));
    assertTrue(album.body().contains("at most 20 photos, got 21"), album.body());
    assertEquals(200, send("DELETE", person).statusCode());
  }

  /** A queue without room for a review. */
  @Test
  void keepsToTheMemoryOfTheQueue() throws Exception {
    try (ConfigurableApplicationContext small = new SpringApplication(
            Application.class, ShortTraining.class)
        .run(
            "--server.port=0",
            "--likeness.device=cpu",
            "--likeness.dtype=f32",
            "--likeness.queue.memory=100MB",
            "--spring.jmx.enabled=false")) {
      String before = root;
      root = "http://127.0.0.1:" + small.getEnvironment().getProperty("local.server.port");
      try {
        HttpResponse<String> uploaded = upload("Ada", selfies().subList(0, 3));
        assertEquals(503, uploaded.statusCode(), uploaded.body());
        assertTrue(uploaded.body().contains("the queue's memory budget"), uploaded.body());
      } finally {
        root = before;
      }
    }
  }

  @Test
  void reportsHealthAndMetrics() throws Exception {
    context
        .getBean(BaseModel.class)
        .generate(dev.likeness.diffusion.request.ImageRequest.of("a portrait").steps(1));
    HttpResponse<String> health = get("/actuator/health");
    assertEquals(200, health.statusCode(), health.body());
    assertTrue(health.body().contains("\"likeness\":{\"status\":\"UP\""), health.body());
    assertEquals(200, get("/actuator/metrics/likeness.work").statusCode());
    assertEquals(200, get("/actuator/metrics/likeness.queue.waiting").statusCode());
  }

  private static List<byte[]> selfies() throws IOException {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve(PHOTOS))) {
      folder = folder.getParent();
    }
    List<byte[]> all = new ArrayList<>();
    for (int i = 1; i <= 6; i++) {
      all.add(Files.readAllBytes(folder.resolve(PHOTOS).resolve("selfie-0" + i + ".jpg")));
    }
    return all;
  }

  private HttpResponse<String> upload(String consent, List<byte[]> photos) throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    part(body, "name=\"consent\"", consent.getBytes(StandardCharsets.UTF_8));
    for (byte[] photo : photos) {
      part(body, "name=\"photos\"; filename=\"selfie.jpg\"", photo);
    }
    body.write(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII));
    return client.send(
        request("/people")
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .POST(BodyPublishers.ofByteArray(body.toByteArray()))
            .build(),
        BodyHandlers.ofString());
  }

  private static void part(ByteArrayOutputStream body, String name, byte[] content)
      throws IOException {
    String head = "--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + name + "\r\n\r\n";
    body.write(head.getBytes(StandardCharsets.US_ASCII));
    body.write(content);
    body.write("\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  /** Subscribes to the events of a person, and returns once the server has the subscription. */
  private BlockingQueue<String> events(String person) throws Exception {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    client
        .sendAsync(request(person + "/events").build(), BodyHandlers.ofLines())
        .thenAccept(answer -> answer.body().forEach(lines::add));
    assertEquals("event:subscribed", lines.poll(1, TimeUnit.MINUTES));
    return lines;
  }

  /** Returns the lines until a job has ended, without the data of the last event. */
  private static List<String> untilEnd(BlockingQueue<String> lines) throws InterruptedException {
    List<String> all = new ArrayList<>();
    while (all.isEmpty() || !all.get(all.size() - 1).matches("event:(done|cancelled|failed)")) {
      String line = lines.poll(2, TimeUnit.MINUTES);
      assertFalse(line == null, "no event for two minutes after " + all);
      all.add(line);
    }
    return all;
  }

  private static RgbImage preview(List<String> lines) {
    Matcher png = PNG.matcher(lines.get(lines.indexOf("event:preview") + 1));
    assertTrue(png.find(), "no preview");
    return RgbImage.read("preview", Base64.getDecoder().decode(png.group(1)));
  }

  private static String value(String json, String key) {
    Matcher value = Pattern.compile("\"" + key + "\":\"([^\"]+)\"").matcher(json);
    assertTrue(value.find(), json);
    return value.group(1);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send("GET", path);
  }

  private HttpResponse<String> post(String path) throws Exception {
    return send("POST", path);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return client.send(
        request(path).method(method, BodyPublishers.noBody()).build(), BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(root + path));
  }
}
