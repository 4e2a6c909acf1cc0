package dev.likeness.examples.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.Selfies;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.portrait.PortraitModel;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two clients and more ask one service for four persons at once. {@code -Dlikeness.soak=600} keeps
 * eight of them asking for so many seconds, {@code -Dlikeness.soak.guided=true} of {@code portrait}
 * and people whose faces are held.
 */
@ExtendWith(NoTensorLeaks.class)
class HeadshotServiceTest {
  private static final List<String> NAMES = List.of("ada", "bob", "cleo", "dan");
  private static final int CLIENTS = 8;
  private static final boolean WITH_FACE_GUIDANCE = Boolean.getBoolean("likeness.soak.guided");
  private static final BoundingBox FACE = new BoundingBox(6, 6, 12, 12);
  private static final FaceDetector DETECTOR = new FaceDetector() {
    @Override
    public List<Face> detect(RgbImage image) {
      return List.of(new Face(FACE, 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty()));
    }

    @Override
    public String name() {
      return "fixed";
    }

    @Override
    public void close() {}
  };

  @TempDir
  private static Path folder;

  private static BaseModel base;
  private static FaceDetector detector;
  private static FaceGuidance guidance;
  private static HeadshotStudio studio;
  private static final Map<String, LoraPerson> PEOPLE = new HashMap<>();

  private final HttpClient http = HttpClient.newHttpClient();
  private HeadshotService service;

  @BeforeAll
  static void trainFour() throws Exception {
    Path portrait = WITH_FACE_GUIDANCE ? PortraitModel.files() : null;
    base = WITH_FACE_GUIDANCE
        ? BaseModel.open(portrait, Compute.best())
        : GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
    detector = WITH_FACE_GUIDANCE ? warm(new CascadeDetector()) : DETECTOR;
    guidance =
        WITH_FACE_GUIDANCE ? FaceGuidance.findIn(portrait, base, detector).orElseThrow() : null;
    HeadshotStudio plain = HeadshotStudio.on(base);
    studio = guidance == null ? plain : plain.faceGuidance(guidance);
    for (String name : NAMES) {
      PEOPLE.put(name, WITH_FACE_GUIDANCE ? trainedOnPortrait(name) : trained(name));
      serial(name, 0);
    }
  }

  /**
   * As many cascades as are ever used at once stay with a detector: a leak is what comes on top.
   */
  private static FaceDetector warm(FaceDetector cascades) throws Exception {
    RgbImage black = RgbImage.of(256, 256, new byte[256 * 256 * 3]);
    ExecutorService threads = Executors.newFixedThreadPool(4 * CLIENTS);
    for (Future<?> each :
        threads.invokeAll(Collections.nCopies(4 * CLIENTS, () -> cascades.detect(black)))) {
      each.get();
    }
    threads.shutdown();
    return cascades;
  }

  private static LoraPerson trained(String name) {
    byte[] grey = new byte[32 * 32 * 3];
    Arrays.fill(grey, (byte) (40 * NAMES.indexOf(name)));
    return new LoraTrainer(TrainingSettings.quick().steps(2).seed(NAMES.indexOf(name)))
        .train(
            base,
            List.of(RgbImage.of(32, 32, grey)),
            PersonToken.of("woman").consent(name + ": yes"),
            Run.silent());
  }

  private static LoraPerson trainedOnPortrait(String name) {
    // Three rendered people have photos in the tree, the third of them enough for two.
    int number = NAMES.indexOf(name);
    Path person = number < 2
        ? Selfies.of("500000000" + number, 4, folder.resolve("people"))
        : Path.of("photos/person-5000000002");
    List<Photo> selfies = IntStream.rangeClosed(1, 4)
        .mapToObj(i -> number == 3 ? i + 4 : i)
        .map(i -> Photo.of(person.resolve("selfie-0" + i + ".jpg")))
        .toList();
    HeadshotStudio quick = studio.training(usual -> usual.steps(2));
    return quick.train(
        HeadshotStudio.review(PhotoSet.of(selfies), Consent.synthetic()), Consent.synthetic());
  }

  @AfterAll
  static void close() {
    PEOPLE.values().forEach(LoraPerson::close);
    if (WITH_FACE_GUIDANCE) {
      guidance.close();
      detector.close();
    }
    base.close();
  }

  @BeforeEach
  void start() throws Exception {
    service = HeadshotService.start(
        studio, PEOPLE, GenerationQueue.Options.defaults().capacity(4), detector, 0);
  }

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void generatesTheSameForOneAndTwoClients() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(2);
    Future<RgbImage> ada = clients.submit(() -> fetchImage("ada", 5));
    Future<RgbImage> bob = clients.submit(() -> fetchImage("bob", 6));
    assertEquals(serial("ada", 5), ada.get());
    assertEquals(serial("bob", 6), bob.get());
    clients.shutdown();
  }

  @Test
  void answersEveryRequestUnderLoadTheSameAsAlone() throws Exception {
    long seconds = Long.getLong("likeness.soak", 0);
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    Map<String, RgbImage> expected = new HashMap<>();
    for (String name : NAMES) {
      expected.put(name + 0, serial(name, 0));
      expected.put(name + 1, serial(name, 1));
    }
    List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger answered = new AtomicInteger();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    List<Future<?>> all = new ArrayList<>();
    long early = 0;
    for (int i = 0; i < CLIENTS; i++) {
      int client = i;
      all.add(clients.submit(() -> {
        for (int round = 0; round < 2 || System.nanoTime() < until; round++) {
          String name = NAMES.get((client + round) % NAMES.size());
          if ((client + round) % 5 == 4) {
            cancel(name);
          } else if (!expected.get(name + round % 2).equals(fetchImage(name, round % 2))) {
            wrong.add(name + " in round " + round);
          }
          answered.incrementAndGet();
        }
        return null;
      }));
    }
    if (seconds > 60) {
      TimeUnit.SECONDS.sleep(seconds / 3);
      early = resident();
    }
    for (Future<?> client : all) {
      client.get();
    }
    clients.shutdown();
    assertEquals(List.of(), wrong);
    assertTrue(answered.get() >= 2 * CLIENTS);
    long late = early == 0 ? 0 : resident();
    assertTrue(
        early == 0 || late < 1.15 * early,
        early + " bytes grew to " + late + " over " + answered + " answers");
  }

  /**
   * Resident memory after a collection: how much of its heap Java leaves full before it collects
   * says nothing of what is held.
   */
  private static long resident() {
    System.gc();
    return Pointer.physicalBytes();
  }

  @Test
  void reportsErrorsInARequest() throws Exception {
    assertEquals(
        "400 {\"error\":\"there is no person with that name; give person=NAME\"}",
        fetchText("POST", "?person=eve"));
    assertEquals(
        "400 {\"error\":\"count must be a whole number, got \\\"x\\\"\"}",
        fetchText("POST", "?person=ada&count=x"));
    assertEquals(
        "400 {\"error\":\"steps 5000000000 is too large a number\"}",
        fetchText("POST", "?person=ada&steps=5000000000"));
    assertEquals(
        "400 {\"error\":\"count must be 1 to 16, got 17\"}",
        fetchText("POST", "?person=ada&count=17"));
    assertEquals(
        "400 {\"error\":\"steps must be 1 to 1000, got 0\"}",
        fetchText("POST", "?person=ada&steps=0"));
    assertEquals(
        "400 {\"error\":\"unknown parameter size; give count, person, priority, seed, steps,"
            + " style, variant\"}",
        fetchText("POST", "?person=ada&size=512"));
    String none =
        "404 {\"error\":\"no such shoot; the last 256 are kept, of up to 256 MiB of images\"}";
    assertEquals(none, fetchText("GET", "/999"));
    assertEquals(none, fetchText("GET", ""));
    assertEquals(none, fetchText("POST", "s?person=ada"));
    String id = shoot("ada", 0, 2);
    assertEquals(
        "405 {\"error\":\"PUT is not supported here; GET shows a shoot or an image, DELETE"
            + " cancels a shoot\"}",
        fetchText("PUT", "/" + id));
    assertEquals(
        "405 {\"error\":\"DELETE is not supported here; GET shows a shoot or an image, DELETE"
            + " cancels a shoot\"}",
        fetchText("DELETE", "/" + id + "/1.png"));
  }

  @Test
  void answersNoPageFromElsewhere() throws Exception {
    String wrong = "HTTP/1.1 403 Forbidden";
    assertEquals(
        wrong, parameters("GET /shoots/1 HTTP/1.1", "Host: rebound.example:" + service.port()));
    assertEquals(
        wrong,
        parameters(
            "POST /shoots?person=ada HTTP/1.1",
            "Host: 127.0.0.1:" + service.port(),
            "Origin: http://rebound.example"));
    assertEquals(
        "HTTP/1.1 404 Not Found",
        parameters(
            "GET /shoots/999 HTTP/1.1",
            "Host: localhost:" + service.port(),
            "Origin: http://localhost:" + service.port()));
  }

  /** As a page of another origin makes its user's browser ask, which sends no Origin for images. */
  @Test
  void showsNoImageToAPageFromElsewhere() throws Exception {
    String id = shoot("ada", 0, 2);
    while (!fetchText("GET", "/" + id).contains("\"done\"")) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    String host = "Host: 127.0.0.1:" + service.port();
    String own = "http://127.0.0.1:" + service.port();
    String image = "GET /shoots/" + id + "/1.png HTTP/1.1";
    for (String header : List.of(
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
        "Referer: http://rebound.example/page",
        "Referer: " + own + ".rebound.example/page",
        "Referer: http://localhost:1/",
        "Origin: null",
        "Origin: " + own + "\r\nOrigin: http://rebound.example",
        "Host: rebound.example")) {
      assertEquals("HTTP/1.1 403 Forbidden", parameters(image, host, header), header);
    }
    for (String header : List.of(
        "Accept: image/png",
        "Sec-Fetch-Site: none",
        "Sec-Fetch-Site: same-origin\r\nReferer: " + own + "/shoots/" + id,
        "Origin: " + own)) {
      assertEquals("HTTP/1.1 200 OK", parameters(image, host, header), header);
    }
    HttpResponse<byte[]> answer =
        send("GET", "/" + id + "/1.png", HttpResponse.BodyHandlers.ofByteArray());
    assertEquals(
        Optional.of("same-origin"), answer.headers().firstValue("Cross-Origin-Resource-Policy"));
    assertEquals(Optional.of("no-store"), answer.headers().firstValue("Cache-Control"));
  }

  @Test
  void answersBesideRequestsThatNeverEnd() throws Exception {
    String whole = "GET /shoots/none HTTP/1.1\r\nHost: 127.0.0.1:" + service.port() + "\r\n";
    List<Socket> sockets = new ArrayList<>();
    try {
      for (String half : List.of(
          "G",
          "GET /sho",
          "GET /shoots/1 HTTP/1.1\r\nHo",
          whole,
          whole + "Content-Length: 1000\r\n\r\nhalf",
          whole + "Transfer-Encoding: chunked\r\n\r\n5\r\nha",
          "",
          "POST /shoots?person=ada")) {
        for (int i = 0; i < 12; i++) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port());
          socket.getOutputStream().write(half.getBytes(StandardCharsets.US_ASCII));
          sockets.add(socket);
        }
      }
      HttpRequest request = HttpRequest.newBuilder(
              URI.create("http://127.0.0.1:" + service.port() + "/shoots/none"))
          .timeout(Duration.ofSeconds(60))
          .build();
      for (int i = 0; i < 3; i++) {
        assertEquals(
            404, http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  /** The first line of the answer; Java's HTTP client does not let one say who the host is. */
  private String parameters(String... lines) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      socket
          .getOutputStream()
          .write((String.join("\r\n", lines) + "\r\nConnection: close\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }

  @Test
  void reportsWhyAShootFailed() throws Exception {
    service.close();
    LoraPerson ada = PEOPLE.get("ada");
    String looking = Consent.of("ada: look").limitedTo(Purpose.INTAKE).toJson();
    Map<String, LoraPerson> people =
        Map.of("ada", ada, "unasked", ada.withPersonToken(ada.personToken().consent(looking)));
    service = HeadshotService.start(
        HeadshotStudio.on(base), people, GenerationQueue.Options.defaults(), DETECTOR, 0);
    String id = shoot("unasked", 0, 2);
    String state = fetchText("GET", "/" + id);
    while (state.contains("waiting") || state.contains("running")) {
      TimeUnit.MILLISECONDS.sleep(5);
      state = fetchText("GET", "/" + id);
    }
    assertTrue(
        state.contains("\"failed\"")
            && state.contains(
                "\"error\":\"the consent covers reviewing the photos, not generating headshots;"
                    + " ask the person to consent to this purpose too\""),
        state);
    service.close();
    service = HeadshotService.start(
        HeadshotStudio.on(base),
        people,
        GenerationQueue.Options.defaults().memoryBytes(1),
        DETECTOR,
        0);
    String refused = fetchText("POST", "?person=ada");
    assertTrue(refused.startsWith("503 {\"error\":\"the job needs about "), refused);
  }

  private RgbImage fetchImage(String name, int seed) throws Exception {
    String id = shoot(name, seed, 2);
    while (true) {
      String state = fetchText("GET", "/" + id);
      if (state.contains("\"done\"")) {
        return read(send("GET", "/" + id + "/1.png", HttpResponse.BodyHandlers.ofByteArray())
            .body());
      }
      assertTrue(state.contains("waiting") || state.contains("running"), state);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /** Asks for many steps, thinks better of it, and waits until that is answered too. */
  private void cancel(String name) throws Exception {
    String id = shoot(name, 1, WITH_FACE_GUIDANCE ? 100 : 900);
    fetchText("DELETE", "/" + id);
    String state = fetchText("GET", "/" + id);
    while (!state.contains("cancelled")) {
      assertTrue(state.contains("running"), state);
      TimeUnit.MILLISECONDS.sleep(5);
      state = fetchText("GET", "/" + id);
    }
    assertEquals(
        404,
        send("GET", "/" + id + "/1.png", HttpResponse.BodyHandlers.ofString()).statusCode());
  }

  /** Asks until there is room. */
  private String shoot(String name, int seed, int steps) throws Exception {
    while (true) {
      HttpResponse<String> answer = send(
          "POST",
          "?person=" + name + "&seed=" + seed + "&steps=" + steps,
          HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 202) {
        return (String) JSON.std.mapFrom(answer.body()).get("id");
      }
      assertEquals(429, answer.statusCode(), answer.body());
      assertEquals("1", answer.headers().firstValue("Retry-After").orElseThrow());
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private String fetchText(String method, String path) throws Exception {
    HttpResponse<String> answer = send(method, path, HttpResponse.BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body();
  }

  private <T> HttpResponse<T> send(String method, String path, HttpResponse.BodyHandler<T> handler)
      throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + service.port() + "/shoots" + path);
    return http.send(
        HttpRequest.newBuilder(uri)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        handler);
  }

  private static RgbImage read(byte[] png) throws IOException {
    return RgbImage.of(ImageIO.read(new ByteArrayInputStream(png)));
  }

  /** What is drawn alone, as files have it: with the mark that it is drawn. */
  private static RgbImage serial(String name, int seed) throws IOException {
    ShootRequest request = ShootRequest.of(Style.named("studio"), 1).seed(seed).steps(2);
    Headshot shot = studio.shoot(PEOPLE.get(name), request).headshots().get(0);
    return read(shot.crop(shot.style().crop(), detector).orElse(shot).encodePng());
  }
}
