package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.PortraitModel;
import dev.likeness.studio.internal.work.AdapterFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of identity methods over HTTP: what they cost, encoded photos, and what they lack. */
class StudioAdaptersTest {
  private static final String ADAPTER = "ip-adapter.safetensors";

  @TempDir
  private Path folder;

  @Test
  void showsAPersonByEncodedPhotosWithItsCostBeforeTheStart() {
    String person;
    byte[] encoded;
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      person = StudioFlowTest.addSamples(studio, 3);
      Map<?, ?> offered = adapter(studio, person, ADAPTER);
      assertEquals(true, offered.get("usable"), offered::toString);
      assertEquals(List.of(), offered.get("missing"));
      assertTrue(((Number) offered.get("memory_bytes")).longValue() > 1 << 20, offered::toString);
      assertFalse(offered.containsKey("expected_seconds"), "not measured yet");
      assertEquals(
          202,
          studio
              .post(person + "/training", Map.of("action", "measure", "adapter", ADAPTER))
              .status());
      RunningStudio.await(
          () -> adapter(studio, person, ADAPTER).containsKey("expected_seconds"),
          "the time of the adapter is measured");
      assertEquals(List.of(), studio.get(person).json().get("identities"), "nothing is stored");

      make(studio, person, Map.of("action", "start", "method", "adapter", "adapter", ADAPTER));
      Map<String, Object> described = studio.get(person).json();
      assertEquals(true, described.get("trained"));
      assertEquals(0, described.get("photos"), "the photos are removed when they are encoded");
      assertEquals(List.of("ipadapter"), words(described));
      String shoot = StudioFlowTest.shoot(studio, person, List.of("studio"), 1);
      Map<String, Object> report = StudioFlowTest.checked(studio, shoot);
      assertTrue(
          String.valueOf(report.get("source")).startsWith("Nothing was trained"), report::toString);
      assertEquals("ipadapter", studio.get(shoot).json().get("identity"));
      encoded = studio.get(person + "/images/1").body();
      edits(studio, person + "/images/1");
    }
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      addPhotos(studio, person, 2);
      StudioFlowTest.train(studio, person);
      assertEquals(
          List.of("lora", "ipadapter", "both"), words(studio.get(person).json()), "newest first");
      for (String identity : List.of("lora", "both")) {
        RunningStudio.Reply started = studio.post(
            person + "/shoots",
            Map.of("styles", List.of("studio"), "count", 1, "steps", 1, "identity", identity));
        assertEquals(202, started.status(), started::error);
        String shoot = person + "/shoots/" + started.json().get("id");
        RunningStudio.await(
            () -> "done".equals(studio.get(shoot).json().get("state")), "the shoot is done");
        assertEquals(identity, studio.get(shoot).json().get("identity"));
        assertTrue(String.valueOf(StudioFlowTest.checked(studio, shoot).get("source"))
            .startsWith("The person was trained"));
      }
      byte[] lora = studio.get(person + "/images/2").body();
      byte[] both = studio.get(person + "/images/3").body();
      assertFalse(Arrays.equals(lora, both) || Arrays.equals(lora, encoded));
      RunningStudio.Reply unknown = studio.post(
          person + "/shoots", Map.of("styles", List.of("studio"), "identity", "references"));
      assertEquals(400, unknown.status());
      assertEquals(
          "unknown identity; known for this person: lora, ipadapter, both", unknown.error());
    }
  }

  private static void edits(RunningStudio studio, String image) {
    RunningStudio.Reply edited =
        studio.post(image + "/edits", Map.of("action", "start", "backdrop", "a plain red wall"));
    assertEquals(202, edited.status(), edited::error);
    RunningStudio.await(
        () -> {
          Map<String, Object> now = studio.get(image + "/edits").json();
          assertNotEquals("failed", now.get("state"), now::toString);
          return "none".equals(now.get("state"));
        },
        "the edit");
    assertEquals(1, ((List<?>) studio.get(image + "/edits").json().get("versions")).size());
  }

  /** A copy of the adapter without the face embedder beside it, and a file that is no adapter. */
  @Test
  void saysWhatAnAdapterLacks() throws IOException {
    Path own = PortraitModel.files().resolve("ip_adapter");
    Path alone = folder.resolve("alone.safetensors");
    Files.copy(own.resolve(ADAPTER), alone);
    Path broken = Files.writeString(folder.resolve("broken.safetensors"), "no adapter");
    try (RunningStudio studio =
        RunningStudio.withAdapters(folder, List.of(files(alone), files(broken)))) {
      String person = StudioFlowTest.addSamples(studio, 2);
      Map<?, ?> lacks = adapter(studio, person, "alone.safetensors");
      assertEquals(false, lacks.get("usable"));
      assertEquals(List.of("adapter-embedder"), lacks.get("missing"));
      Map<?, ?> refused = adapter(studio, person, "broken.safetensors");
      assertEquals(false, refused.get("usable"));
      assertTrue(refused.get("refusal").toString().contains("broken.safetensors"));
      RunningStudio.Reply reply = start(studio, person, "alone.safetensors");
      assertEquals(422, reply.status());
      assertEquals(
          "the adapter alone.safetensors needs more files; start the studio with --ip-adapter and"
              + " --adapter-embedder",
          reply.error());
      assertEquals(422, start(studio, person, "broken.safetensors").status());
      RunningStudio.Reply unknown = start(studio, person, "../" + ADAPTER);
      assertEquals(400, unknown.status());
      assertEquals(
          "this studio has no such adapter; known: alone.safetensors, broken.safetensors, "
              + ADAPTER,
          unknown.error());
      assertEquals("none", studio.get(person + "/training").json().get("state"));
    }
  }

  /** A person whose adapter is not here any more is kept, and their images can be looked at. */
  @Test
  void keepsImagesWhoseAdapterIsGone() throws IOException {
    Path renamed = folder.resolve("renamed.safetensors");
    Path own = PortraitModel.files().resolve("ip_adapter");
    Files.copy(own.resolve(ADAPTER), renamed);
    copy(own.resolve("face_embedder"), folder.resolve("face_embedder"));
    String person;
    String shoot;
    try (RunningStudio studio = RunningStudio.withAdapters(folder, List.of(files(renamed)))) {
      person = StudioFlowTest.addSamples(studio, 2);
      make(
          studio,
          person,
          Map.of("action", "start", "method", "adapter", "adapter", "renamed.safetensors"));
      shoot = StudioFlowTest.shoot(studio, person, List.of("studio"), 1);
    }
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      assertEquals(false, studio.get(person).json().get("trained"));
      Map<?, ?> report = (Map<?, ?>) studio.get(shoot).json().get("report");
      assertEquals(false, report.get("checkable"));
      assertEquals(false, report.get("checked"));
      assertEquals(200, studio.get(person + "/images/1").status());
      assertEquals(200, studio.get(person + "/images/1/file?format=jpeg").status());
      RunningStudio.Reply refused =
          studio.post(person + "/shoots", Map.of("styles", List.of("studio")));
      assertEquals(409, refused.status());
      assertEquals("this person has not been trained; train first", refused.error());
    }
  }

  /** An adapter of faces with 512 numbers is one of InsightFace's embedders, by its header. */
  @Test
  void offersNoAdapterWhoseLicenceForbidsTheUse() throws IOException {
    Path own = PortraitModel.files().resolve("ip_adapter");
    Path research = folder.resolve("research.safetensors");
    Files.writeString(
        research,
        Files.readString(own.resolve(ADAPTER), StandardCharsets.ISO_8859_1)
            .replaceFirst("(proj\\.0\\.weight\":\\{[^}]*)\\[256,128\\]", "$1[64, 512]"),
        StandardCharsets.ISO_8859_1);
    copy(own.resolve("face_embedder"), folder.resolve("face_embedder"));
    try (RunningStudio studio =
        RunningStudio.forSale(folder.resolve("sale"), List.of(files(research)))) {
      String person = StudioFlowTest.addSamples(studio, 2);
      Map<?, ?> refused = adapter(studio, person, "research.safetensors");
      assertEquals(false, refused.get("usable"));
      assertEquals(
          research + " is an IP-Adapter FaceID Portrait, whose licence (non-commercial research"
              + " only) forbids commercial use; use an adapter whose licence allows it, such as"
              + " Plus Face or PhotoMaker v1",
          refused.get("refusal"));
      assertEquals(422, start(studio, person, "research.safetensors").status());
      assertEquals(true, adapter(studio, person, ADAPTER).get("usable"));
    }
    try (RunningStudio studio =
        RunningStudio.withAdapters(folder.resolve("own"), List.of(files(research)))) {
      String person = StudioFlowTest.addSamples(studio, 2);
      assertEquals(true, adapter(studio, person, "research.safetensors").get("usable"));
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (java.util.stream.Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  private static AdapterFiles files(Path adapter) {
    return new AdapterFiles(
        adapter, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  private static RunningStudio.Reply start(RunningStudio studio, String person, String adapter) {
    return studio.post(
        person + "/training", Map.of("action", "start", "method", "adapter", "adapter", adapter));
  }

  private static void make(RunningStudio studio, String person, Map<String, ?> order) {
    RunningStudio.Reply started = studio.post(person + "/training", order);
    assertEquals(202, started.status(), started::error);
    RunningStudio.await(
        () -> {
          Map<String, Object> now = studio.get(person + "/training").json();
          assertNotEquals("failed", now.get("state"), now::toString);
          return "none".equals(now.get("state"));
        },
        "the photos are encoded");
  }

  private static void addPhotos(RunningStudio studio, String person, int photos) {
    for (byte[] photo : RunningStudio.samples().subList(0, photos)) {
      assertEquals(201, studio.upload(person + "/photos?name=a.jpg", photo).status());
    }
  }

  private static Map<?, ?> adapter(RunningStudio studio, String person, String name) {
    return ((List<?>) studio.get(person + "/training").json().get("methods"))
        .stream()
            .<Map<?, ?>>map(method -> (Map<?, ?>) method)
            .filter(method -> name.equals(method.get("adapter")))
            .findFirst()
            .orElseThrow();
  }

  private static List<String> words(Map<String, Object> person) {
    return ((List<?>) person.get("identities"))
        .stream().map(one -> String.valueOf(((Map<?, ?>) one).get("identity"))).toList();
  }
}
