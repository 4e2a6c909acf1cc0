package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From selfies to a downloaded headshot over HTTP, on the embedded model. */
class StudioFlowTest {
  @TempDir
  private Path folder;

  @Test
  void leadsFromSelfiesToAFileAndForgetsThePerson() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String person = addSamples(studio, 4);
      train(studio, person);
      Map<String, Object> described = studio.get(person).json();
      assertEquals(true, described.get("trained"));
      assertEquals(0, described.get("photos"), "the photos are removed when the training ends");

      String shoot = shoot(studio, person, List.of("studio"), 2);
      Map<String, Object> report = checked(studio, shoot);
      assertTrue(String.valueOf(report.get("verdict")).length() > 10, report::toString);
      assertEquals(2, ((List<?>) report.get("images")).size());
      String page = new String(studio.get(shoot + "/report.html").body(), StandardCharsets.UTF_8);
      assertTrue(page.contains(String.valueOf(report.get("verdict"))), "one report, not two");
      assertTrue(
          studio.get(shoot + "/report.html").header("Content-Security-Policy").contains("sandbox"));

      RgbImage whole = RgbImage.read("image", studio.get(person + "/images/1").body());
      assertEquals(256, whole.width());
      assertEquals(
          200, studio.post(person + "/images/1", Map.of("choice", "keep")).status());
      assertEquals(
          "keep",
          ((Map<?, ?>) ((List<?>) studio.get(shoot).json().get("images")).get(0)).get("choice"));
      verifyExports(studio, person);
      measuresLikeness(studio, person);

      RunningStudio.Reply receipt = studio.send(studio.own(person).DELETE());
      assertEquals(200, receipt.status());
      assertTrue(person.endsWith(String.valueOf(receipt.json().get("erased"))));
      assertEquals(404, studio.get(person).status());
      assertEquals(404, studio.get(person + "/images/1").status());
    }
  }

  private static void measuresLikeness(RunningStudio studio, String person) {
    assertEquals(202, studio.post(person + "/likeness", Map.of()).status());
    RunningStudio.await(
        () ->
            "measured".equals(((Map<?, ?>) studio.get(person).json().get("likeness")).get("state")),
        "the likeness is measured");
    Map<String, Object> described = studio.get(person).json();
    Map<?, ?> likeness = (Map<?, ?>) described.get("likeness");
    assertEquals(2, likeness.get("images"), likeness::toString);
    Map<?, ?> kept = (Map<?, ?>) described.get("kept_until");
    assertEquals(Set.of("person", "images"), kept.keySet(), "the photos are gone");
    Instant until = Instant.parse(String.valueOf(kept.get("images")));
    assertTrue(
        until.isAfter(Instant.now().plus(Duration.ofDays(29)))
            && until.isBefore(Instant.now().plus(Duration.ofDays(31))),
        until::toString);
  }

  private static void verifyExports(RunningStudio studio, String person) {
    RunningStudio.Reply plain = studio.get(person + "/images/1/file");
    assertEquals("attachment; filename=\"headshot-001.png\"", plain.header("Content-Disposition"));
    assertArrayEquals(studio.get(person + "/images/1").body(), plain.body());
    RunningStudio.Reply labelled =
        studio.get(person + "/images/1/file?crop=512x512&format=jpeg&label=AI-generated%20%3Cb%3E");
    assertEquals(200, labelled.status(), labelled::error);
    assertEquals("image/jpeg", labelled.header("Content-Type"));
    assertEquals(512, RgbImage.read("file", labelled.body()).width());
    for (byte[] file : List.of(plain.body(), labelled.body())) {
      RunningStudio.Reply says = studio.upload("/api/credentials", file);
      assertEquals(true, says.json().get("disclosed"), says.json()::toString);
      assertEquals(true, says.json().get("signed"));
      assertEquals(false, says.json().get("altered"));
    }
    assertEquals(400, studio.get(person + "/images/1/file?crop=../x").status());
    assertEquals(400, studio.get(person + "/images/1/file?format=exe").status());
  }

  @Test
  void goesOnAfterARestartWithWhatWasQueued() {
    String person;
    String shoot;
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      person = addSamples(studio, 2);
      train(studio, person);
      RunningStudio.Reply started = studio.post(
          person + "/shoots", Map.of("styles", List.of("studio"), "count", 4, "steps", 1));
      assertEquals(202, started.status(), started::error);
      shoot = person + "/shoots/" + started.json().get("id");
      RunningStudio.await(() -> count(studio, shoot) > 0, "an image is stored");
    }
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      RunningStudio.await(() -> count(studio, shoot) == 4, "the shoot went on");
      RunningStudio.await(
          () -> "done".equals(studio.get(shoot).json().get("state")), "the shoot is done");
      assertEquals(4, studio.get(person).json().get("images"), "no image was generated twice");
    }
  }

  @Test
  void pausesAndContinuesAndServesTwoPeopleAtOnce() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String ada = addSamples(studio, 1);
      String eve = addSamples(studio, 1);
      train(studio, ada);
      train(studio, eve);
      RunningStudio.Reply first = studio.post(
          ada + "/shoots", Map.of("styles", List.of("studio"), "count", 50, "steps", 2));
      String long_ = ada + "/shoots/" + first.json().get("id");
      String shortShoot = shoot(studio, eve, List.of("studio"), 1);
      RunningStudio.await(
          () -> studio.get(long_ + "/preview").status() == 200, "a preview is shown");
      assertEquals(
          256, RgbImage.read("preview", preview(studio, long_)).width(), "it has the image's size");
      assertEquals(1, count(studio, shortShoot), "the second shoot does not wait for the first");
      assertEquals(202, studio.post(long_, Map.of("action", "pause")).status());
      RunningStudio.await(
          () -> "paused".equals(studio.get(long_).json().get("state")), "the shoot is paused");
      assertEquals(404, studio.get(long_ + "/preview").status(), "nothing is generated now");
      int paused = count(studio, long_);
      assertTrue(paused < 50);
      assertEquals(202, studio.post(long_, Map.of("action", "resume")).status());
      RunningStudio.await(() -> count(studio, long_) > paused, "the shoot went on");
      assertEquals(202, studio.post(long_, Map.of("action", "pause")).status());
      RunningStudio.await(
          () -> "paused".equals(studio.get(long_).json().get("state")), "the shoot is paused");
      assertEquals(409, studio.post(long_, Map.of("action", "pause")).status());
    }
  }

  @Test
  void refusesWordsThatAreNoStyleAndKeepsHtmlOfWordsAsText() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String person = addSamples(studio, 1);
      assertEquals(
          409,
          studio.post(person + "/shoots", Map.of("styles", List.of("studio"))).status());
      train(studio, person);
      for (List<?> styles : List.of(List.of(), List.of("<script>"), List.of(7))) {
        assertEquals(
            400,
            studio
                .post(person + "/shoots", Map.of("styles", styles, "steps", 1))
                .status());
      }
      for (Map<String, ?> wrong : List.of(
          Map.of("count", 0),
          Map.of("count", 1_000_000_000),
          Map.of("steps", 0),
          Map.of("strength", 2),
          Map.of("strength", "x"),
          Map.of("outfit", "a".repeat(201)))) {
        Map<String, Object> body = new java.util.LinkedHashMap<>(wrong);
        body.put("styles", List.of("studio"));
        assertEquals(400, studio.post(person + "/shoots", body).status(), body::toString);
      }
      RunningStudio.Reply started = studio.post(
          person + "/shoots",
          Map.of(
              "styles",
              List.of("studio"),
              "count",
              1,
              "steps",
              1,
              "outfit",
              "a <script>alert(1)</script> suit"));
      assertEquals(202, started.status(), started::error);
      String shoot = person + "/shoots/" + started.json().get("id");
      RunningStudio.await(() -> count(studio, shoot) == 1, "the image is stored");
      checked(studio, shoot);
      String page = new String(studio.get(shoot + "/report.html").body(), StandardCharsets.UTF_8);
      assertTrue(page.contains("&lt;script&gt;"), "the page names the prompt");
      assertFalse(page.contains("<script"), "and does not run it");
    }
  }

  @Test
  void measuresTheTimeOfATrainingBeforeTheFirst() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String person = addSamples(studio, 1);
      RunningStudio.await(
          () -> method(studio, person).containsKey("expected_seconds"), "the time is measured");
      assertTrue(((Number) method(studio, person).get("memory_bytes")).longValue() > 1 << 20);
      assertEquals("none", studio.get(person + "/training").json().get("state"));
      assertEquals(false, studio.get(person).json().get("trained"), "nobody was trained");
    }
  }

  private static Map<?, ?> method(RunningStudio studio, String person) {
    return (Map<?, ?>) ((List<?>) studio.get(person + "/training").json().get("methods")).get(0);
  }

  @Test
  void judgesPhotosAtOnceAndAsASet() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String person = addSamples(studio, 3);
      Map<String, Object> review = studio.get(person + "/photos").json();
      assertEquals(3, ((List<?>) review.get("photos")).size());
      assertFalse(((List<?>) review.get("advice")).isEmpty(), "three photos are few");
      Map<?, ?> first = (Map<?, ?>) ((List<?>) review.get("photos")).get(0);
      Map<?, ?> box = (Map<?, ?>) ((List<?>) first.get("faces")).get(0);
      for (String side : List.of("x", "y", "width", "height")) {
        double share = ((Number) box.get(side)).doubleValue();
        assertTrue(share >= 0 && share <= 1, side + " " + share);
      }
      RunningStudio.Reply shown = studio.get(person + "/photos/" + first.get("id"));
      assertTrue(RgbImage.read("photo", shown.body()).width() > 100);
      assertEquals(
          200,
          studio
              .send(studio.own(person + "/photos/" + first.get("id")).DELETE())
              .status());
      assertEquals(2, ((List<?>) studio.get(person + "/photos").json().get("photos")).size());
      RunningStudio.Reply foreign = studio.upload(
          person + "/photos?name=a.png",
          RgbImage.of(64, 64, new byte[64 * 64 * 3]).toPng());
      assertEquals(422, foreign.status());
      assertEquals(
          "this photo is not one of the sample photos; add a person with consent for photos of a"
              + " real person",
          foreign.error());
    }
  }

  static String addSamples(RunningStudio studio, int photos) {
    RunningStudio.Reply added = studio.post("/api/people", Map.of("agreed", true, "sample", true));
    assertEquals(201, added.status(), added::error);
    String person = "/api/people/" + added.json().get("id");
    List<byte[]> samples = RunningStudio.samples();
    for (int i = 0; i < photos; i++) {
      RunningStudio.Reply reply =
          studio.upload(person + "/photos?name=..%2Fselfie%20" + i + ".jpg", samples.get(i));
      assertEquals(201, reply.status(), reply::error);
      assertTrue(
          List.of("keep", "warn", "reject").contains(reply.json().get("verdict")),
          reply.json()::toString);
    }
    return person;
  }

  static void train(RunningStudio studio, String person) {
    RunningStudio.Reply methods = studio.get(person + "/training");
    assertEquals(200, methods.status(), methods::error);
    RunningStudio.Reply started =
        studio.post(person + "/training", Map.of("action", "start", "preset", "quick"));
    assertEquals(202, started.status(), started::error);
    RunningStudio.await(
        () -> {
          Map<String, Object> now = studio.get(person + "/training").json();
          assertFalse("failed".equals(now.get("state")), now::toString);
          return "none".equals(now.get("state"));
        },
        "the training ended");
    assertEquals(true, studio.get(person).json().get("trained"));
  }

  static String shoot(RunningStudio studio, String person, List<String> styles, int count) {
    RunningStudio.Reply started =
        studio.post(person + "/shoots", Map.of("styles", styles, "count", count, "steps", 2));
    assertEquals(202, started.status(), started::error);
    String shoot = person + "/shoots/" + started.json().get("id");
    RunningStudio.await(
        () -> {
          Map<String, Object> now = studio.get(shoot).json();
          assertFalse("failed".equals(now.get("state")), now::toString);
          return "done".equals(now.get("state"));
        },
        "the shoot is done");
    return shoot;
  }

  /** Returns a preview: between two images, there is none for a moment. */
  private static byte[] preview(RunningStudio studio, String shoot) {
    RunningStudio.Reply reply = studio.get(shoot + "/preview");
    for (int i = 0; i < 1000 && reply.status() == 404; i++) {
      reply = studio.get(shoot + "/preview");
    }
    return reply.body();
  }

  private static int count(RunningStudio studio, String shoot) {
    return ((List<?>) studio.get(shoot).json().get("images")).size();
  }

  static Map<String, Object> checked(RunningStudio studio, String shoot) {
    RunningStudio.await(
        () -> Boolean.TRUE.equals(
            ((Map<?, ?>) studio.get(shoot).json().get("report")).get("checked")),
        "the images are checked");
    @SuppressWarnings("unchecked")
    Map<String, Object> report = (Map<String, Object>) studio.get(shoot).json().get("report");
    return report;
  }
}
