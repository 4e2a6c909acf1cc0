package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.ipadapter.internal.vision.VisionModel;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Headshots of somebody whom an adapter shows, from photos as people have them. */
class IpAdapterPersonTest {
  private static final String STRANGER = "5000000000";
  private static final String FRIEND = "person-5000000001/selfie-01.jpg";
  private static final Map<String, Object> VISION_ENCODER = Map.of(
      "model_type",
      "clip_vision_model",
      "hidden_size",
      16,
      "intermediate_size",
      24,
      "num_hidden_layers",
      2,
      "num_attention_heads",
      2,
      "image_size",
      28,
      "patch_size",
      14,
      "projection_dim",
      12,
      "architectures",
      List.of("CLIPVisionModelWithProjection"));

  @TempDir
  private static Path shared;

  private static Path base;
  private static Path photos;
  /** Two selfies in which everything is found. */
  private static Path good;

  @BeforeAll
  static void makesAnAdapterAndTakesPhotos() throws IOException {
    base = TinyBase.in(shared);
    Path encoder = Files.createDirectories(base.resolve("image_encoder"));
    Files.write(encoder.resolve("config.json"), JSON.std.asBytes(VISION_ENCODER));
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(8);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new VisionModel(
          VisionConfig.of(ModelConfig.of(VISION_ENCODER, "tower")), Weights.of(weights));
      SafetensorsWriter.write(
          encoder.resolve("model.safetensors"), new HashMap<>(weights.leaves()), Map.of());
    }
    Path people = shared.resolve("people");
    photos = Selfies.of(STRANGER, 4, people);
    Selfies.of("5000000001", 4, people);
    good = Selfies.of("5000000777", 2, people);
    RgbImage selfie = RgbImage.read(photos.resolve("selfie-01.jpg"));
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      TinyAdapter.ofImages(model, 12, base.resolve("ip_adapter/ip-adapter.safetensors"));
      TinyAdapter.ofFaces(model, 128, base.resolve("faces/ip-adapter.safetensors"));
    }
    Files.write(photos.resolve("a-wall.png"), wall(selfie.width()).toPng());
    Files.write(
        photos.resolve("b-friends.png"),
        beside(RgbImage.read(people.resolve(FRIEND)), selfie).toPng());
    Files.write(
        photos.resolve("c-lying.png"),
        turned(RgbImage.read(photos.resolve("selfie-04.jpg"))).toPng());
    Files.delete(photos.resolve("selfie-04.jpg"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ipadapter", "both"})
  void usesFacelessGroupAndRotatedPhotosAndReportsThem(String way, @TempDir Path folder)
      throws IOException {
    List<String> asked = new ArrayList<>(List.of(
        "headshot",
        "--base",
        base.toString(),
        "--photos",
        photos.toString(),
        "--consent",
        "nobody real",
        "--identity",
        way,
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        folder.resolve("out").toString()));
    if (way.equals("both")) {
      asked.addAll(List.of("--train-steps", "2"));
    }
    CommandResult run = CommandResult.of(asked.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    for (String said : List.of(
        "a-wall.png     reject  no face was found",
        "faces were found, the second 90 % as large as the first",
        "c-lying.png    warn    it was sideways or upside down and was rotated",
        "selfie-01.jpg  keep",
        "4 of 6 photos can be used")) {
      assertTrue(run.err().contains(said), said + " is not in\n" + run.err());
    }
    // The cascades see a third face in some images of two.
    assertTrue(
        run.err()
            .lines()
            .anyMatch(line -> line.matches("b-friends\\.png +reject +[23] faces were found.*")),
        run.err());
    List<String> files = new ArrayList<>(List.of(
        "contact-sheet.png",
        "headshot-001.png",
        "person-ipadapter.safetensors",
        "record.json",
        "report.html"));
    if (way.equals("both")) {
      files.add(3, "person.safetensors");
    }
    assertEquals(files, TinyBase.namesIn(folder.resolve("out")));
    generatesAgainFromTheFile(way, folder.resolve("out"), folder.resolve("again"));
  }

  private static void generatesAgainFromTheFile(String way, Path before, Path out)
      throws IOException {
    CommandResult run = CommandResult.of(
        "headshot",
        "--base",
        base.toString(),
        "--person",
        before
            .resolve(way.equals("both") ? "person.safetensors" : "person-ipadapter.safetensors")
            .toString(),
        "--identity",
        way,
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertArrayEquals(
        RgbImage.read(before.resolve("headshot-001.png")).rgb(),
        RgbImage.read(out.resolve("headshot-001.png")).rgb());
    changesTheirHeadshot(way, before);
  }

  private static void changesTheirHeadshot(String way, Path before) throws IOException {
    // Folders of earlier versions have the old name.
    Files.move(before.resolve("person-ipadapter.safetensors"), before.resolve("shown.safetensors"));
    Path black = before.resolve("mask.png");
    RgbImage.of(32, 32, new byte[32 * 32 * 3]).writePng(black);
    CommandResult run = CommandResult.of(
        "edit",
        before.resolve("headshot-001.png").toString(),
        "--base",
        base.toString(),
        "--person",
        before
            .resolve(way.equals("both") ? "person.safetensors" : "shown.safetensors")
            .toString(),
        "--identity",
        way,
        "--outfit",
        "a red hoodie",
        "--mask",
        black.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        before.resolve("edited").toString());
    assertEquals(0, run.status(), run.err());
    assertArrayEquals(
        RgbImage.read(before.resolve("headshot-001.png")).rgb(),
        RgbImage.read(before.resolve("edited/edited.png")).rgb(),
        "a black mask leaves everything");
  }

  @Test
  void storesTheSameMetadataAsAPersonFile(@TempDir Path folder) throws IOException {
    CommandResult run = CommandResult.of(
        "headshot",
        "--base",
        base.toString(),
        "--photos",
        good.toString(),
        "--consent",
        "nobody real",
        "--trait",
        "glasses=round glasses",
        "--identity",
        "ipadapter",
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        folder.resolve("out").toString());
    assertEquals(0, run.status(), run.err());
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        PersonAdapter adapter = PersonAdapter.openIn(base, model)) {
      IpAdapterPerson kept =
          IpAdapterPerson.open(folder.resolve("out/person-ipadapter.safetensors"), adapter);
      assertEquals(
          "round glasses", kept.profile().trait("glasses").orElseThrow().value());
      assertEquals(model.name(), kept.base());
      assertFalse(kept.record().traits().isEmpty());
      assertEquals("ip-adapter.safetensors", kept.adapterName());
    }
    assertEquals(
        "ip-adapter.safetensors",
        SafetensorsHeader.read(folder.resolve("out/person-ipadapter.safetensors"))
            .metadata()
            .get("likeness.adapter"));
    replacesThemByTheSamePhotosAlone(folder.resolve("out"));
  }

  @Test
  void opensAFileThatVersion010Wrote() throws Exception {
    Path old =
        Path.of(IpAdapterPersonTest.class.getResource("/old/shown.safetensors").toURI());
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        PersonAdapter adapter = PersonAdapter.openIn(base, model)) {
      IpAdapterPerson kept = IpAdapterPerson.open(old, adapter);
      assertEquals("nobody real", kept.consent().orElseThrow().text());
      assertEquals(
          "round glasses", kept.profile().trait("glasses").orElseThrow().value());
      assertEquals("base-today", kept.base());
      assertTrue(IpAdapterPerson.matches(PhotoReview.of(PhotoSet.from(photos)), old));
    }
  }

  private static void replacesThemByTheSamePhotosAlone(Path out) throws IOException {
    Path shown = out.resolve("person-ipadapter.safetensors");
    byte[] before = Files.readAllBytes(shown);
    assertTrue(IpAdapterPerson.matches(PhotoReview.of(PhotoSet.from(good)), shown));
    CommandResult other = CommandResult.of(
        "headshot",
        "--base",
        base.toString(),
        "--photos",
        photos.resolveSibling("person-5000000001").toString(),
        "--consent",
        "nobody real",
        "--identity",
        "ipadapter",
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--overwrite",
        "--out",
        out.toString());
    assertEquals(3, other.status(), other.err());
    assertEquals(
        List.of(shown
            + " was made from other photos or with another face detector, and is not replaced; give another --out,"
            + " or move this file away"),
        other.errorLines());
    assertArrayEquals(before, Files.readAllBytes(shown));
  }

  @Test
  @Tag("slow")
  void usesTheFaceEmbedderBesideTheAdapter(@TempDir Path folder) throws IOException {
    String[] command = {
      "headshot",
      "--base",
      base.toString(),
      "--photos",
      photos.toString(),
      "--consent",
      "nobody real",
      "--identity",
      "ipadapter",
      "--ip-adapter",
      base.resolve("faces/ip-adapter.safetensors").toString(),
      "--style",
      "studio",
      "--count",
      "1",
      "--steps",
      "2",
      "--dtype",
      "f32",
      "--device",
      "cpu",
      "--out",
      folder.resolve("out").toString()
    };
    CommandResult blind = CommandResult.of(command);
    assertEquals(3, blind.status());
    assertTrue(
        blind
            .err()
            .contains(
                "is an IP-Adapter FaceID Portrait, which needs a face embedder, but there is no "
                    + "face_embedder folder beside the file; give the face embedder that the adapter "
                    + "was trained with: --adapter-embedder FILE"),
        blind.err());
    command[8] = "both";
    assertEquals(3, CommandResult.of(command).status());
    assertFalse(Files.exists(folder.resolve("out")), "learnt before what does not fit was said");
    command[8] = "ipadapter";
    Path own = Files.createDirectories(base.resolve("faces/face_embedder"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(PortraitModel.files().resolve("face_embedder").resolve(file), own.resolve(file));
    }
    CommandResult run = CommandResult.of(command);
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("4 of 6 photos can be used"), run.err());
    assertTrue(Files.exists(folder.resolve("out/headshot-001.png")));
    usesTheImageIfItHasNoFace(folder.resolve("plain"));
  }

  @Test
  void refusesByNameARecogniserThatIsNotForCommercialUse(@TempDir Path folder) {
    String adapter = base.resolve("faces/ip-adapter.safetensors").toString();
    String recogniser = folder.resolve("arcface.onnx").toString();
    String out = folder.resolve("out").toString();
    for (CommandResult run : List.of(
        CommandResult.of(
            "generate",
            "--base",
            base.toString(),
            "--prompt",
            "a woman",
            "--ip-adapter",
            adapter,
            "--reference",
            photos.resolve("selfie-01.jpg").toString(),
            "--adapter-embedder",
            recogniser,
            "--commercial",
            "--steps",
            "2",
            "--dtype",
            "f32",
            "--device",
            "cpu",
            "--out",
            out),
        CommandResult.of(
            "headshot",
            "--base",
            base.toString(),
            "--photos",
            photos.toString(),
            "--consent",
            "nobody real",
            "--identity",
            "ipadapter",
            "--ip-adapter",
            adapter,
            "--adapter-embedder",
            recogniser,
            "--commercial",
            "--style",
            "studio",
            "--steps",
            "2",
            "--dtype",
            "f32",
            "--device",
            "cpu",
            "--out",
            out))) {
      assertEquals(3, run.status());
      assertEquals(
          List.of(
              "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
                  + ", and no other embedder fits"
                  + " this adapter; use an adapter that uses images, such as Plus Face"),
          run.errorLines());
    }
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void usesTheBasesAdapterForAReference(@TempDir Path folder) throws IOException {
    List<String> asked = List.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a woman",
        "--reference",
        photos.resolve("selfie-01.jpg").toString(),
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu");
    List<List<String>> ways = List.of(
        List.of(),
        List.of(
            "--ip-adapter",
            base.resolve("ip_adapter/ip-adapter.safetensors").toString(),
            "--image-encoder",
            base.resolve("image_encoder").toString()));
    List<byte[]> drawn = new ArrayList<>();
    for (List<String> way : ways) {
      Path out = folder.resolve("out" + drawn.size());
      CommandResult run = CommandResult.of(Stream.of(asked, way, List.of("--out", out.toString()))
          .flatMap(List::stream)
          .toArray(String[]::new));
      assertEquals(0, run.status(), run.err());
      drawn.add(RgbImage.read(out.resolve("image-001.png")).rgb());
    }
    assertArrayEquals(drawn.get(0), drawn.get(1));
  }

  @Test
  void anAdapterOfTheCatalogueHasItsWeight(@TempDir Path folder) throws IOException {
    Path snapshot = folder.resolve("hub/models--h94--IP-Adapter/snapshots/" + "a".repeat(40));
    Path adapter = snapshot.resolve("models/ip-adapter-plus-face_sd15.safetensors");
    Files.createDirectories(adapter.getParent());
    Files.copy(base.resolve("ip_adapter/ip-adapter.safetensors"), adapter);
    List<String> tiny = List.of(
        "--base",
        base.toString(),
        "--ip-adapter",
        adapter.toString(),
        "--image-encoder",
        base.resolve("image_encoder").toString(),
        "--steps",
        "1",
        "--dtype",
        "f32",
        "--device",
        "cpu");
    System.setProperty("likeness.env.HF_HUB_CACHE", folder.resolve("hub").toString());
    try {
      List<byte[]> drawn = new ArrayList<>();
      for (String weight : List.of("", "@0.5", "@1")) {
        String told = "the catalogue's settings for ip-adapter-face-sd15: --reference IMAGE@0.5\n";
        Path out = folder.resolve("out" + drawn.size());
        CommandResult run = run(
            List.of("generate", "--prompt", "a woman"),
            tiny,
            List.of(
                "--reference", photos.resolve("selfie-01.jpg") + weight, "--out", out.toString()));
        assertEquals(0, run.status(), run.err());
        assertEquals(weight.isEmpty(), run.err().contains(told), run.err());
        drawn.add(RgbImage.read(out.resolve("image-001.png")).rgb());
      }
      assertArrayEquals(drawn.get(0), drawn.get(1));
      assertFalse(Arrays.equals(drawn.get(0), drawn.get(2)));
      for (List<String> own : List.of(List.<String>of(), List.of("--identity-strength", "1"))) {
        CommandResult shots = run(
            List.of("headshot", "--photos", good.toString(), "--consent", "nobody real"),
            tiny,
            List.of("--identity", "ipadapter", "--style", "studio", "--count", "1", "--out"),
            List.of(folder.resolve("shots" + own.size()).toString()),
            own);
        assertEquals(0, shots.status(), shots.err());
        assertEquals(
            own.isEmpty(),
            shots
                .err()
                .contains(
                    "the catalogue's settings for ip-adapter-face-sd15: --identity-strength 0.625\n"),
            shots.err());
      }
    } finally {
      System.clearProperty("likeness.env.HF_HUB_CACHE");
    }
  }

  @SafeVarargs
  private static CommandResult run(List<String>... parts) {
    return CommandResult.of(Stream.of(parts).flatMap(List::stream).toArray(String[]::new));
  }

  @Test
  void portraitUsesWholeReferenceImages(@TempDir Path folder) throws IOException {
    List<String> asked = List.of("generate", "--prompt", "a woman", "--steps", "2", "--out");
    CommandResult.of(
        Stream.concat(asked.stream(), Stream.of(folder.resolve("told").toString()))
            .toArray(String[]::new));
    CommandResult run = CommandResult.of(Stream.concat(
            asked.stream(),
            Stream.of(
                folder.resolve("shown").toString(),
                "--reference",
                photos.resolve("selfie-01.jpg").toString()))
        .toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    assertFalse(Arrays.equals(
        RgbImage.read(folder.resolve("told/image-001.png")).rgb(),
        RgbImage.read(folder.resolve("shown/image-001.png")).rgb()));
  }

  @Test
  void refusesOptionsThatTheAdapterIgnores() {
    for (String option :
        List.of("--adapter-embedder", "--face-detector", "--fallback-adapter", "--image-encoder")) {
      Path adapter = base.resolve(
          (option.equals("--image-encoder") ? "faces" : "ip_adapter") + "/ip-adapter.safetensors");
      CommandResult run = CommandResult.of(
          "generate",
          "--base",
          base.toString(),
          "--prompt",
          "a woman",
          "--ip-adapter",
          adapter.toString(),
          "--reference",
          photos.resolve("selfie-01.jpg").toString(),
          option,
          "x",
          "--commercial",
          "--out",
          shared.toString());
      assertEquals(2, run.status(), run.err());
      assertTrue(
          run.err().contains(option + " does nothing with " + adapter + ", an IP-Adapter"),
          run.err());
    }
  }

  private static void usesTheImageIfItHasNoFace(Path out) {
    List<String> held = new ArrayList<>();
    CommandResult run = CommandResult.watched(
        text -> held.addAll(text.startsWith("decode") ? mapped() : List.of()),
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a woman",
        "--ip-adapter",
        base.resolve("faces/ip-adapter.safetensors").toString(),
        "--fallback-adapter",
        base.resolve("ip_adapter/ip-adapter.safetensors").toString(),
        "--image-encoder",
        base.resolve("image_encoder").toString(),
        "--reference",
        photos.resolve("a-wall.png").toString(),
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("a-wall.png: no face was found in any orientation"), run.err());
    assertTrue(run.err().contains("ip-adapter.safetensors encodes the images instead"), run.err());
    assertFalse(held.toString().contains("image_encoder"), "held while images are drawn");
  }

  /** What the process has mapped, where the system tells. */
  private static List<String> mapped() {
    try {
      return Files.readAllLines(Path.of("/proc/self/maps"));
    } catch (IOException e) {
      return List.of();
    }
  }

  private static RgbImage wall(int side) {
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (120 + (i / 3 / side) % 40 + 7 * ((i / 3 % side) / 16 % 2));
    }
    return RgbImage.of(side, side, rgb);
  }

  private static RgbImage beside(RgbImage left, RgbImage right) {
    int side = left.width();
    byte[] rgb = new byte[6 * side * side];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % (2 * side);
      int y = i / 3 / (2 * side);
      rgb[i] = (byte) (x < side ? left.at(x, y, i % 3) : right.at(x - side, y, i % 3));
    }
    return RgbImage.of(2 * side, side, rgb);
  }

  /** A quarter turn, without a word of it in the file. */
  private static RgbImage turned(RgbImage upright) {
    int side = upright.width();
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) upright.at(i / 3 / side, side - 1 - i / 3 % side, i % 3);
    }
    return RgbImage.of(side, side, rgb);
  }
}
