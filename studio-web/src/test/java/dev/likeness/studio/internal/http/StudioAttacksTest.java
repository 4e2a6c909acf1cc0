package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attacks on the studio's server, each of which is refused. */
class StudioAttacksTest {
  private static final Duration SHORT = Duration.ofSeconds(2);

  @TempDir
  private Path folder;

  private RunningStudio studio;

  @BeforeEach
  void start() {
    studio = RunningStudio.withoutBase(folder);
  }

  @AfterEach
  void stop() {
    studio.close();
  }

  @Test
  void refusesEveryRouteWithoutTheSession() {
    for (Route route : new Routes(studio.studio, new EventStreams()).table()) {
      for (String authorization :
          List.of("", "Bearer ", "Bearer wrong", "Basic " + studio.token())) {
        HttpRequest.Builder request = studio
            .request(example(route.path()))
            .method(route.method(), HttpRequest.BodyPublishers.ofString("{}"));
        if (!authorization.isEmpty()) {
          request.header("Authorization", authorization);
        }
        RunningStudio.Reply reply = studio.send(request);
        assertEquals(401, reply.status(), route.path());
        assertEquals("open the address that the studio printed when it was started", reply.error());
      }
    }
    assertEquals(401, studio.send(studio.request("/")).status());
    assertEquals(401, studio.send(studio.request("/?token=")).status());
    assertEquals(
        401, studio.send(studio.request("/?token=" + studio.token() + "x")).status());
  }

  private static String example(String path) {
    return path.replace("{person}", "0".repeat(32))
        .replace("{photo}", "0".repeat(32))
        .replace("{shoot}", "0".repeat(16))
        .replace("{image}", "1")
        .replace("{model}", "sd15");
  }

  @Test
  void exchangesTheTokenForACookieThatScriptsAndOtherSitesCannotUse() {
    RunningStudio.Reply entered = studio.send(studio.request("/?token=" + studio.token()));
    assertEquals(303, entered.status());
    assertEquals("/", entered.header("Location"));
    String cookie = entered.header("Set-Cookie");
    assertTrue(
        cookie.matches("likeness_studio=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict"), cookie);
    assertFalse(cookie.contains(studio.token()));
    String pair = cookie.substring(0, cookie.indexOf(';'));
    assertEquals(200, studio.send(studio.request("/").header("Cookie", pair)).status());
    assertEquals(
        200, studio.send(studio.request("/api/people").header("Cookie", pair)).status());
    assertEquals(
        401,
        studio.send(studio.request("/api/people").header("Cookie", pair + "x")).status());
  }

  @Test
  void refusesHostNamesThatAreNotItsOwn() {
    for (String host : List.of(
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1:80:80",
        "[::1",
        "localhost@evil.example",
        "0x7f000001",
        "")) {
      String answer = studio.raw(
          "GET /api/people HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer "
              + studio.token() + "\r\nConnection: close\r\n\r\n",
          SHORT);
      assertTrue(answer.matches("(?s)HTTP/1.1 (403|400) .*"), host + ": " + answer);
    }
    for (String host : List.of("localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:9")) {
      String answer = studio.raw(
          "GET /api/people HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer "
              + studio.token() + "\r\nConnection: close\r\n\r\n",
          SHORT);
      assertTrue(answer.startsWith("HTTP/1.1 200 "), host + ": " + answer);
    }
  }

  @Test
  void refusesRequestsOfOtherSites() {
    String own = "http://127.0.0.1:" + studio.server.port();
    for (String origin : List.of(
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        "https://evil.example",
        own + ".evil.example",
        "")) {
      RunningStudio.Reply reply = studio.send(studio
          .own("/api/people")
          .header("Origin", origin)
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString("{\"agreed\":true,\"name\":\"Eve\"}")));
      assertEquals(403, reply.status(), origin);
      assertEquals("a page of another site sent this request; it is refused", reply.error());
    }
    for (String site : List.of("cross-site", "same-site")) {
      assertEquals(
          403,
          studio.send(studio.own("/api/people").header("Sec-Fetch-Site", site)).status());
    }
    assertEquals(0, studio.store.subjects().size());
    assertEquals(
        200, studio.send(studio.own("/api/people").header("Origin", own)).status());
  }

  @Test
  void refusesFormsThatAPageOfAnotherSiteCouldSend() {
    for (String type : List.of(
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")) {
      RunningStudio.Reply reply = studio.send(studio
          .own("/api/people")
          .header("Content-Type", type)
          .POST(HttpRequest.BodyPublishers.ofString("{\"agreed\":true,\"name\":\"Eve\"}")));
      assertEquals(415, reply.status(), type);
    }
    assertEquals(0, studio.store.subjects().size());
  }

  @Test
  void findsNothingOutsideItsPagesAndPeople() throws IOException {
    Files.writeString(folder.resolve("secret.txt"), "secret");
    String person = studio.addPerson("Ada");
    for (String path : List.of(
        "/page/../secret.txt",
        "/page/%2e%2e/secret.txt",
        "/page/..%2fsecret.txt",
        "/page//index.html",
        "/page/vendor/../../secret.txt",
        "/page/%2e%2e%5csecret.txt",
        "/page/preact.LICENSE/..",
        "/page/",
        "/etc/passwd",
        "//etc/passwd",
        person + "/../../secret.txt",
        person + "/photos/..%2f..%2fstore.key",
        person + "/photos/%2e%2e",
        person + "/photos/" + "0".repeat(32),
        person + "/images/..",
        person + "/images/0",
        person + "/images/-1",
        person + "/images/1.png",
        person + "/images/1/../../../../store.key",
        person + "/shoots/../../x",
        person + "/shoots/" + "0".repeat(16),
        "/api/people/..",
        "/api/people/..%2fstore.key/photos",
        "/api/people/" + "g".repeat(32),
        "/api/people/" + "A".repeat(32),
        "/api/people/" + "0".repeat(32))) {
      String answer = studio.raw(
          "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + studio.token()
              + "\r\nConnection: close\r\n\r\n",
          SHORT);
      assertTrue(answer.matches("(?s)HTTP/1.1 (400|404) .*"), path + ": " + answer);
      assertFalse(answer.contains("secret\n") || answer.contains("root:"), path);
    }
  }

  @Test
  void showsAnImageOfItsPersonOnly() {
    String ada = studio.addPerson("Ada");
    String eve = studio.addPerson("Eve");
    Subject subject = studio.store.subject(ada.substring(ada.lastIndexOf('/') + 1));
    byte[] png = RgbImage.of(8, 8, new byte[8 * 8 * 3]).toPng();
    AtomicFile.write(
        subject.folder(DataCategory.IMAGES).resolve("headshot-001.png"), out -> out.write(png));
    assertArrayEquals(png, studio.get(ada + "/images/1").body());
    for (String path : List.of("/images/1", "/images/1/file")) {
      RunningStudio.Reply reply = studio.get(eve + path);
      assertEquals(404, reply.status());
      assertEquals("this person has no image 1", reply.error());
    }
    assertEquals(404, studio.post(eve + "/images/1", Map.of("choice", "keep")).status());
    studio.store.subject(ada.substring(ada.lastIndexOf('/') + 1)).erase();
    assertEquals(404, studio.get(ada + "/images/1").status());
  }

  @Test
  void sendsTheAskedPartOfAnImage() {
    String ada = studio.addPerson("Ada");
    Subject subject = studio.store.subject(ada.substring(ada.lastIndexOf('/') + 1));
    byte[] png = RgbImage.of(8, 8, new byte[8 * 8 * 3]).toPng();
    AtomicFile.write(
        subject.folder(DataCategory.IMAGES).resolve("headshot-001.png"), out -> out.write(png));
    String image = ada + "/images/1";
    Map<String, byte[]> parts = Map.of(
        "bytes=0-3", java.util.Arrays.copyOfRange(png, 0, 4),
        "bytes=4-", java.util.Arrays.copyOfRange(png, 4, png.length),
        "bytes=-5", java.util.Arrays.copyOfRange(png, png.length - 5, png.length),
        "bytes=1-999999", java.util.Arrays.copyOfRange(png, 1, png.length));
    parts.forEach((range, bytes) -> {
      RunningStudio.Reply reply = studio.send(studio.own(image).header("Range", range));
      assertEquals(206, reply.status(), range);
      assertArrayEquals(bytes, reply.body(), range);
    });
    assertEquals(
        416,
        studio
            .send(studio.own(image).header("Range", "bytes=" + png.length + "-"))
            .status());
    for (String range : List.of("bytes=-", "bytes=a-b", "lines=1-2", "bytes=1-2,4-5")) {
      assertEquals(200, studio.send(studio.own(image).header("Range", range)).status(), range);
    }
  }

  @Test
  void saysWhatIsWrongWithRequestsThatAreNoHttp() throws IOException {
    String tail = " HTTP/1.1\r\nHost: localhost\r\n";
    Map<String, String> answers = Map.of(
        "GET /api/people?name=" + "a".repeat(9000) + tail + "\r\n",
        "414 the address is longer than 8192 bytes, which is the limit; shorten its query, or send"
            + " the values in the body",
        "GET /api/people" + tail + "Cookie: " + "a".repeat(9000) + "\r\n\r\n",
        "431 the headers have more than 8192 bytes, which is the limit; delete the cookies of this"
            + " address in the browser, or send fewer headers",
        "GET /api/people" + tail + "Content-Length: many\r\n\r\n",
        "400 the request is not valid HTTP for the studio (status 400); correct the program that"
            + " sent it",
        "GET /api/people HTTP/7.1\r\nHost: localhost\r\n\r\n",
        "505 the request is not valid HTTP for the studio (status 505); correct the program that"
            + " sent it");
    for (Map.Entry<String, String> answer : answers.entrySet()) {
      String got = studio.raw(answer.getKey(), SHORT);
      String[] parts = got.split("\r\n\r\n", 2);
      assertTrue(parts[0].contains("Content-Type: application/json"), got);
      assertTrue(parts[0].contains("Content-Security-Policy: default-src 'none'"), got);
      assertEquals(
          answer.getValue(),
          got.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 4)
              + JSON.std.mapFrom(parts[1]).get("error"));
    }
  }

  @Test
  void refusesUploadsThatAreTooLargeBeforeTheyAreSent() {
    String person = studio.addPerson("Ada");
    long length = 10L << 30;
    String answer = studio.raw(
        "POST " + person
            + "/photos?name=a.jpg HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + studio.token() + "\r\nContent-Length: " + length + "\r\n\r\n",
        SHORT);
    assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    byte[] json = ("{\"agreed\":true,\"name\":\"" + "a".repeat(70_000) + "\"}")
        .getBytes(StandardCharsets.UTF_8);
    RunningStudio.Reply reply = studio.send(studio
        .own("/api/people")
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(json)));
    assertEquals(413, reply.status());
    assertEquals(
        "the upload has more than 65536 bytes, which is the limit; send a smaller file",
        reply.error());
  }

  @Test
  void refusesUploadsWithoutALengthOnceTheyAreTooLarge() {
    byte[] part = new byte[1 << 20];
    HttpRequest.BodyPublisher endless = HttpRequest.BodyPublishers.ofByteArrays(
        () -> Stream.generate(() -> part).limit(3).iterator());
    String outcome;
    try {
      outcome = ""
          + studio
              .send(studio
                  .own("/api/people")
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.fromPublisher(endless)))
              .status();
    } catch (AssertionError e) {
      // The server closes the connection while the client still sends: the answer may be lost.
      outcome = e.getCause() instanceof IOException ? "413" : e.toString();
    }
    assertEquals("413", outcome);
    assertEquals("[]", studio.get("/api/people").json().get("people").toString());
  }

  @Test
  void stopsBodiesThatComeTooSlowlyAndServesOthersMeanwhile() throws Exception {
    studio.close();
    studio = RunningStudio.start(folder, Optional.empty(), Duration.ofMillis(300), List.of());
    String person = studio.addPerson("Ada");
    try (java.net.Socket slow = new java.net.Socket("127.0.0.1", studio.server.port())) {
      slow.setSoTimeout(5000);
      slow.getOutputStream()
          .write(("POST " + person + "/photos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                  + studio.token() + "\r\nContent-Length: 1000\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      String status = "";
      for (int i = 0; i < 60 && status.isEmpty(); i++) {
        slow.getOutputStream().write('x');
        slow.getOutputStream().flush();
        Thread.sleep(50);
        if (slow.getInputStream().available() > 0) {
          status = new String(slow.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        }
        assertEquals(200, studio.get("/api/people").status());
      }
      assertEquals("HTTP/1.1 408", status);
    }
  }

  @Test
  void refusesImagesThatBecomeTooLargeAndStoresNothing() throws IOException {
    String person = studio.addPerson("Ada");
    Map<String, byte[]> bombs = Map.of(
        "bomb.png", png(60_000, 60_000),
        "broken.png", png(64, 64),
        "page.html", "<html><script>alert(1)</script></html>".getBytes(StandardCharsets.UTF_8),
        "image.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>".getBytes(StandardCharsets.UTF_8),
        "empty.jpg", new byte[0]);
    bombs.forEach((name, file) -> {
      RunningStudio.Reply reply = studio.upload(person + "/photos?name=" + name, file);
      assertEquals(422, reply.status(), name);
      assertFalse(reply.error().contains("\n"), reply.error());
    });
    Subject subject = studio.store.subject(person.substring(person.lastIndexOf('/') + 1));
    assertEquals(0, subject.counts().get(DataCategory.PHOTOS));
  }

  /** A PNG file of a few bytes that claims a size, with the first row only. */
  private static byte[] png(int width, int height) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.write(java.nio.ByteBuffer.allocate(8).putInt(width).putInt(height).array());
    head.write(new byte[] {8, 2, 0, 0, 0});
    chunk(file, "IHDR", head.toByteArray());
    ByteArrayOutputStream row = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(row)) {
      deflater.write(new byte[8]);
    }
    chunk(file, "IDAT", row.toByteArray());
    chunk(file, "IEND", new byte[0]);
    return file.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream file, String type, byte[] data)
      throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 sum = new CRC32();
    sum.update(name);
    sum.update(data);
    file.write(java.nio.ByteBuffer.allocate(4).putInt(data.length).array());
    file.write(name);
    file.write(data);
    file.write(java.nio.ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }

  @Test
  void keepsHtmlOfNamesAsText() throws IOException {
    String name = "<img src=x onerror=alert(1)>\"'&";
    String person = studio.addPerson(name);
    RunningStudio.Reply reply = studio.get(person);
    assertEquals(name, reply.json().get("name"));
    assertEquals("application/json", reply.header("Content-Type"));
    assertEquals("nosniff", reply.header("X-Content-Type-Options"));
    for (String file : Page.names()) {
      String text = new String(studio.get("/page/" + file).body(), StandardCharsets.UTF_8);
      if (!file.startsWith("vendor/")) {
        assertFalse(
            text.contains("innerHTML") || text.contains("dangerously") || text.contains("eval("),
            file + " puts text into the page as text");
      }
      assertFalse(text.matches("(?s).*<script(?! type=\"module\" src=\"/page/app.js\">).*"), file);
      assertFalse(
          text.replace("http://www.w3.org/", "")
              .matches("(?s).*(src|href|from|import) ?=? ?[\"']?" + "(https?:)?//.*"),
          file + " asks no other host for anything");
    }
  }

  @Test
  void protectsEveryAnswer() {
    for (String path : List.of("/", "/page/app.js", "/api/people", "/api/none", "/none")) {
      RunningStudio.Reply reply = studio.get(path);
      assertEquals(
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
              + " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
          reply.header("Content-Security-Policy"),
          path);
      assertEquals("no-referrer", reply.header("Referrer-Policy"));
      assertEquals("no-store", reply.header("Cache-Control"));
      assertEquals("same-origin", reply.header("Cross-Origin-Resource-Policy"));
      assertEquals("", reply.header("Server"));
    }
  }

  @Test
  void limitsOpenStreamsOfEventsAndStillAnswers() throws Exception {
    List<java.net.Socket> sockets = new ArrayList<>();
    int refused = 0;
    try {
      for (int i = 0; i < 1000; i++) {
        java.net.Socket socket = new java.net.Socket("127.0.0.1", studio.server.port());
        socket.setSoTimeout(5000);
        socket
            .getOutputStream()
            .write(("GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + studio.token() + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        String status =
            new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        if (status.equals("HTTP/1.1 200")) {
          sockets.add(socket);
        } else {
          assertEquals("HTTP/1.1 429", status);
          refused++;
          socket.close();
        }
      }
      assertEquals(EventStreams.MAX_STREAMS, sockets.size());
      assertEquals(1000 - EventStreams.MAX_STREAMS, refused);
      assertEquals(200, studio.get("/api/people").status());
    } finally {
      for (java.net.Socket socket : sockets) {
        socket.close();
      }
    }
    RunningStudio.await(
        () -> studio.server.openStreams() == 0, "the studio found that the pages have gone");
  }

  @Test
  void asksForThePasswordAndSlowsGuessing() {
    studio.close();
    studio = RunningStudio.start(
        folder, Optional.of("correct horse"), Duration.ofSeconds(5), List.of("studio.example"));
    assertEquals(null, studio.server.address().getQuery(), "the password takes the token's place");
    assertEquals(303, login("wrong").status());
    assertEquals("", login("correct horse").header("Set-Cookie"), "a second has not passed");
    RunningStudio.await(
        () -> !login("correct horse").header("Set-Cookie").isEmpty(), "the password was accepted");
    String answer = studio.raw(
        "GET /api/people HTTP/1.1\r\nHost: studio.example\r\nConnection: close\r\n\r\n", SHORT);
    assertTrue(answer.startsWith("HTTP/1.1 401 "), answer);
  }

  @Test
  void takesTheSecretHeaderOfItsProxyOnly(@TempDir Path other) {
    ProxyLogin header =
        new ProxyLogin("X-Likeness-Proxy", "a secret of the proxy".replace(' ', '-'));
    try (RunningStudio proxied = RunningStudio.behindProxy(other, header)) {
      assertEquals("", proxied.token(), "the start address has no token");
      assertEquals(401, proxied.send(proxied.request("/api/people")).status());
      for (String wrong : List.of("", "x", header.secret() + "x")) {
        assertEquals(
            401,
            proxied
                .send(proxied.request("/api/people").header(header.name(), wrong))
                .status());
      }
      assertEquals(
          401,
          proxied
              .send(proxied
                  .request("/api/people")
                  .header(header.name(), header.secret())
                  .header(header.name(), "x"))
              .status(),
          "a header that a user sent beside that of the proxy is suspicious");
      assertEquals(
          401,
          proxied
              .send(proxied.request("/api/people").header("Authorization", "Bearer "))
              .status());
      assertEquals(
          200,
          proxied
              .send(proxied.request("/api/people").header(header.name(), header.secret()))
              .status());
      assertEquals(
          403,
          proxied
              .send(proxied
                  .request("/api/people")
                  .header(header.name(), header.secret())
                  .header("Origin", "http://evil.example"))
              .status(),
          "the proxy adds its header to requests of other sites too");
    }
  }

  @Test
  void keepsFewThreadsWaitingForThoseWhoHaveNoSession() throws Exception {
    studio.close();
    studio = RunningStudio.start(
        folder, Optional.of("correct horse"), Duration.ofSeconds(20), List.of());
    List<java.net.Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 100; i++) {
        java.net.Socket socket = new java.net.Socket("127.0.0.1", studio.server.port());
        sockets.add(socket);
        socket
            .getOutputStream()
            .write("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals(401, studio.send(studio.request("/api/people")).status());
      int refused = 0;
      for (java.net.Socket socket : sockets) {
        socket.setSoTimeout(200);
        try {
          byte[] status = socket.getInputStream().readNBytes(12);
          assertEquals("HTTP/1.1 429", new String(status, StandardCharsets.US_ASCII));
          refused++;
        } catch (java.net.SocketTimeoutException waiting) {
          continue;
        }
      }
      assertEquals(98, refused, "all but two are refused at once");
    } finally {
      for (java.net.Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private RunningStudio.Reply login(String password) {
    return studio.send(studio
        .request("/login")
        .POST(HttpRequest.BodyPublishers.ofString("password=" + password.replace(" ", "+"))));
  }

  @Test
  void refusesBodiesThatAreNotWhatTheyShouldBe() throws IOException {
    String person = studio.addPerson("Ada");
    for (Map<String, ?> body :
        List.of(Map.of("agreed", "yes", "name", "Eve"), Map.of("agreed", true, "name", 7))) {
      assertEquals(400, studio.post("/api/people", body).status());
    }
    for (Map<String, ?> body : List.of(
        Map.of("name", "Eve"),
        Map.of("agreed", true, "name", " "),
        Map.of("agreed", true, "name", "a".repeat(101)))) {
      assertEquals(422, studio.post("/api/people", body).status(), JSON.std.asString(body));
    }
    for (String text : List.of("", "[1]", "{", "{\"agreed\":", "null", "[".repeat(5000))) {
      int status = studio
          .send(studio
              .own("/api/people")
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(text)))
          .status();
      assertTrue(status == 400 || status == 422, text.substring(0, Math.min(9, text.length())));
    }
    assertEquals(
        405,
        studio.send(studio.own(person).PUT(HttpRequest.BodyPublishers.noBody())).status());
    assertEquals(1, studio.store.subjects().size());
  }
}
