package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.material.Material;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The whole way on a tiny base: rendered photos in, headshots out. */
@ExtendWith(NoTensorLeaks.class)
class HeadshotCommandTest {
  private static final String STRANGER = "5000000001";

  @TempDir
  private static Path shared;

  private static Path base;
  private static Path photos;

  @TempDir
  private Path folder;

  private Path out;

  @BeforeAll
  static void copyPhotos() throws IOException {
    base = TinyBase.in(shared);
    photos = Selfies.of(STRANGER, 2, shared.resolve("people"));
    // OpenCV keeps a few objects of its own from its first use on.
    assertEquals(0, CommandResult.of("photos", photos.toString()).status());
    // The network that scores eyes stays from its first use on, too.
    try (FaceDetector detector = new CascadeDetector()) {
      HeadshotScores.of(detector).score(RgbImage.read(photos.resolve("selfie-01.jpg")));
    }
  }

  @BeforeEach
  void chooseOut() {
    out = folder.resolve("out");
  }

  @Test
  void writesHeadshotsSheetRecordAndPerson() throws IOException {
    Files.createDirectories(out);
    Path old = out.resolve("headshot-001.jpg");
    Files.write(old, RgbImage.of(1, 1, new byte[3]).toPng());
    String[] options = {
      "--photos", photos.toString(), "--count", "2", "--style", "studio", "--style", "outdoor"
    };
    CommandResult refused = headshot(options);
    assertEquals(2, refused.status(), refused.err());
    assertEquals(
        List.of(old + " already exists and is not of an interrupted shoot; give another --out, or"
            + " --overwrite to replace the earlier shoot"),
        refused.errorLines());
    assertEquals(List.of("headshot-001.jpg"), TinyBase.namesIn(out));
    List<String> replacing = arguments(options);
    replacing.add("--overwrite");
    CommandResult run = CommandResult.of(replacing.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of(
            "contact-sheet.png",
            "headshot-001.png",
            "headshot-002.png",
            "headshot-003.png",
            "headshot-004.png",
            "person.safetensors",
            "record.json",
            "report.html"),
        TinyBase.namesIn(out));
    assertTrue(RgbImage.read(out.resolve("contact-sheet.png")).width() > 1000);
    for (String personal :
        List.of("contact-sheet.png", "person.safetensors", "record.json", "report.html")) {
      assertTrue(OwnerOnly.isOwnerOnly(out.resolve(personal)), personal);
    }
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json")));
    assertEquals(
        List.of("studio", "studio", "outdoor", "outdoor"), fields(record, "headshots", "style"));
    assertEquals(List.of(0, 1, 2, 3), fields(record, "headshots", "seed"));
    assertEquals(List.of("selfie-01.jpg", "selfie-02.jpg"), fields(record, "photos", "file"));
    assertEquals(Selfies.CONSENT, ((Map<?, ?>) record.get("person")).get("consent"));
  }

  @Test
  void makesOneDecisionByTheScoresOfTheFiles() throws IOException {
    CommandResult run = headshot(
        "--photos",
        photos.toString(),
        "--count",
        "2",
        "--style",
        "studio",
        "--style",
        "outdoor",
        "--label",
        "AI-generated");
    assertEquals(0, run.status(), run.err());
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json")));
    Map<?, ?> decision = (Map<?, ?>) record.get("recommendation");
    String verdict = decision.get("verdict").toString();
    assertTrue(run.err().endsWith(verdict + "\n"), run.err());
    assertTrue(
        Files.readString(out.resolve("report.html"))
            .contains("<p class=\"verdict\">Do not use these images for the person"),
        "the tiny base shows nobody");
    assertEquals(
        "Do not use these images for the person in the photos: the face is made up.", verdict);
    assertEquals(List.of(), decision.get("use"));
    try (FaceDetector detector = new CascadeDetector();
        BaseModel model = BaseModel.open(base)) {
      HeadshotScores scores = HeadshotScores.of(detector).limits(ScoreLimits.of(model));
      for (Object headshot : (List<?>) record.get("headshots")) {
        Map<?, ?> entry = (Map<?, ?>) headshot;
        RgbImage file = RgbImage.read(out.resolve(entry.get("file").toString()));
        assertEquals(
            JSON.std.listFrom(JSON.std.asString(scores.score(file).asList())),
            entry.get("scores"),
            entry.get("file").toString());
        assertEquals(false, entry.get("recommended"));
      }
    }
  }

  @Test
  void describesPeopleByTheCaptionerThatABaseBrings() throws IOException {
    Path describing = TinyBase.in(folder);
    ConfidentCaptioner.write(
        describing, "glasses", "cat-eye glasses", "hair", "a # bob", "colour", "red");
    CommandResult run = headshot(
        "--photos", photos.toString(), "--style", "studio", "--base", describing.toString());
    assertEquals(0, run.status(), run.err());
    assertFalse(
        run.err().contains("describe photos"), "the base was asked for scenes: " + run.err());
    Map<?, ?> person = (Map<?, ?>)
        JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json"))).get("person");
    assertTrue(
        person.get("phrase").toString().contains("a red bob")
            && person.get("phrase").toString().contains("cat-eye glasses"),
        person.get("phrase").toString());
    assertTrue(
        ((List<?>) person.get("profile"))
            .stream().allMatch(trait -> "photos".equals(((Map<?, ?>) trait).get("source"))),
        person.get("profile").toString());
    ConfidentCaptioner.writeWithout(describing, "light");
    out = folder.resolve("refused");
    CommandResult refused =
        headshot("--photos", photos.toString(), "--base", describing.toString());
    assertEquals(3, refused.status(), refused.err());
    assertEquals(
        List.of(describing.resolve("photo_reader/config.json")
            + ": \"attributes\" lacks light, which profiles and scenes need; use a complete captioner,"
            + " or remove its folder"),
        refused.errorLines());
  }

  @Test
  void repeatsAShootFromAFileToTheBit() throws IOException {
    assertEquals(
        0,
        headshot("--photos", photos.toString(), "--style", "office", "--seed", "7")
            .status());
    byte[] first = Files.readAllBytes(out.resolve("headshot-001.png"));
    Path person = Files.move(out.resolve("person.safetensors"), folder.resolve("ada.safetensors"));
    out = folder.resolve("again");
    CommandResult again = headshot(
        "--person", person.toString(), "--style", "office", "--seed", "7", "--memory", "60GiB");
    assertEquals(0, again.status(), again.err());
    assertTrue(again.err().contains(", budget 60.0 GiB"), again.err());
    assertEquals(
        List.of("contact-sheet.png", "headshot-001.png", "record.json", "report.html"),
        TinyBase.namesIn(out));
    assertArrayEquals(first, Files.readAllBytes(out.resolve("headshot-001.png")));
  }

  @Test
  void refusesUselessOptionsAndUnwritableFoldersFirst() throws IOException {
    CommandResult steps = headshot("--person", "ada.safetensors", "--rank", "2");
    assertEquals(
        List.of(
            "--train-steps and --rank need --photos and an --identity that trains; leave them out"),
        steps.errorLines());
    CommandResult limited = headshot("--photos", photos.toString(), "--memory", "1GiB");
    assertEquals(
        List.of("--memory, --eight-bits and --eight-bit-products are for generating, and a training"
            + " needs the network as it is; train with ./likeness train, then give its file with"
            + " --person"),
        limited.errorLines());
    CommandResult quality =
        headshot("--person", "ada.safetensors", "--face-quality", "quality.onnx");
    assertEquals(
        List.of("--face-quality applies to --photos only; leave it out"), quality.errorLines());
    CommandResult trait =
        headshot("--person", "ada.safetensors", "--identity", "ipadapter", "--trait", "glasses=");
    assertTrue(
        trait.errorLines().get(0).startsWith("--trait does not apply to a reference file"),
        trait.err());
    out = photos;
    assertEquals(
        List.of("--out " + photos + " is the same folder as --photos " + photos
            + ", which the command reads; give another --out"),
        headshot("--photos", photos.toString()).errorLines());
    out = Files.createDirectory(folder.resolve("existing"));
    Path missing = folder.resolve("missing");
    assertEquals(
        List.of(
            missing + " does not exist; give photos of the person, or folders with such photos"),
        headshot("--photos", missing.toString()).errorLines());
    out = Files.writeString(folder.resolve("a file"), "").resolve("out");
    CommandResult nowhere = headshot("--photos", photos.toString());
    assertEquals(2, nowhere.status(), nowhere.err());
    assertEquals(
        List.of(
            "--out " + out + " is below the file " + out.getParent() + "; give a path in a folder"),
        nowhere.errorLines());
    assertFalse(
        nowhere.err().contains("photos can be used"),
        "the photos were looked at: " + nowhere.err());
  }

  @Test
  void selectsNoImageWithoutAFace() {
    CommandResult run = headshot(
        "--photos",
        photos.toString(),
        "--count",
        "2",
        "--style",
        "studio",
        "--keep",
        "1",
        "--seed",
        "22",
        "--variant",
        "2");
    assertEquals(3, run.status(), run.err());
    assertEquals(
        List.of("no headshot shows a face (number of headshots: 2); generate more with --count,"
            + " give other styles, or leave --keep out to get all headshots"),
        run.errorLines());
  }

  @Test
  void saysThatLikenessDoesNotCountForAFileWithoutFaces() throws IOException {
    Path embedder = Material.find("faces/mobileface_v2_112.onnx").orElse(null);
    assumeTrue(embedder != null, "no faces/mobileface_v2_112.onnx in the material");
    assertEquals(0, headshot("--photos", photos.toString(), "--style", "office").status());
    Path person = out.resolve("person.safetensors");
    out = folder.resolve("selected");
    CommandResult run = headshot(
        "--person",
        person.toString(),
        "--style",
        "office",
        "--keep",
        "1",
        "--embedder",
        embedder.toString());
    assertTrue(
        run.err()
            .contains("--keep does not use likeness: the person's file has no face embeddings of "
                + "MobileFace"),
        run.err());
  }

  @Test
  void likenessCountsByTheEmbedderThatABaseBrings() throws IOException {
    assertEquals(0, headshot("--photos", photos.toString(), "--style", "office").status());
    Path faceless =
        Files.move(out.resolve("person.safetensors"), folder.resolve("faceless.safetensors"));
    Path seeing = TinyBase.in(folder);
    Path own = Files.createDirectories(seeing.resolve("face_embedder"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(PortraitModel.files().resolve("face_embedder").resolve(file), own.resolve(file));
    }
    out = folder.resolve("unlike");
    CommandResult unlike = headshot(
        "--person",
        faceless.toString(),
        "--style",
        "office",
        "--keep",
        "1",
        "--base",
        seeing.toString());
    assertTrue(
        unlike
            .err()
            .contains("--keep does not use likeness: the person's file has no face embeddings of"),
        unlike.err());
    out = folder.resolve("seeing");
    assertEquals(
        0,
        headshot("--photos", photos.toString(), "--style", "office", "--base", seeing.toString())
            .status());
    Path person = out.resolve("person.safetensors");
    out = folder.resolve("alike");
    CommandResult alike = headshot(
        "--person",
        person.toString(),
        "--style",
        "office",
        "--keep",
        "1",
        "--base",
        seeing.toString());
    assertFalse(alike.err().contains("likeness does not count"), alike.err());
  }

  @Test
  void warnsFirstOfABaseThatDeclaresToKnowRenderedPeopleOnly() throws IOException {
    for (boolean photographs : new boolean[] {false, true}) {
      Path declared = TinyBase.in(Files.createDirectories(folder.resolve("on-" + photographs)));
      Path own = Files.createDirectories(declared.resolve("face_embedder"));
      Path from = PortraitModel.files().resolve("face_embedder");
      Files.copy(from.resolve("model.safetensors"), own.resolve("model.safetensors"));
      Files.writeString(
          own.resolve("config.json"),
          Files.readString(from.resolve("config.json"))
              .replaceFirst(",\\s*\"photographs\" : false", ""));
      Path declaration = declared.resolve("likeness.json");
      Files.writeString(
          declaration,
          Files.readString(declaration)
              .replace("\"photographs\": false", "\"photographs\": " + photographs));
      out = folder.resolve("out-" + photographs);
      CommandResult run = headshot(
          "--photos",
          photos.toString(),
          "--consent",
          "Ada <b>Byron</b>: yes",
          "--style",
          "office",
          "--base",
          declared.toString());
      assertEquals(0, run.status(), run.err());
      Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json")));
      assertEquals("warnings", record.keySet().iterator().next());
      String html = Files.readString(out.resolve("report.html"));
      assertTrue(html.contains("Ada &lt;b&gt;Byron&lt;/b&gt;: yes"), html);
      List<?> warnings = (List<?>) record.get("warnings");
      int sheet = RgbImage.read(out.resolve("contact-sheet.png")).height();
      boolean compared = run.err().contains("found and compared by ");
      assertEquals(photographs, compared, run.err());
      assertEquals(photographs, record.get("photos_compared_by") != null, record.toString());
      assertEquals(photographs, html.contains(" checked whether they show one person."), html);
      if (photographs) {
        assertEquals(List.of(), warnings);
        assertFalse(html.contains("Read this first"), html);
        assertEquals(
            "A face recognition network has compared every image with the photos.",
            record.get("likeness_check"));
      } else {
        assertEquals(2, warnings.size(), warnings.toString());
        assertTrue(warnings.get(0).toString().contains("only knows rendered people"));
        assertTrue(warnings.get(1).toString().contains("cannot compare real people"));
        int verdict = html.indexOf(
            "Do not use these images for the person in the photos: the face is made up.");
        int warning = html.indexOf("only knows rendered people");
        assertTrue(warning > 0 && warning < verdict && verdict < html.indexOf("<img"), html);
        assertFalse(html.contains("<line"), "no line of likeness");
        assertTrue(sheet > 700, "the sheet has room for the warnings: " + sheet);
      }
    }
  }

  @Test
  void limitsTheSelectionByDistortion() {
    String nowhere = folder.resolve("nowhere").toString();
    assertEquals(
        List.of("--distortion 40.0 limits the headshots that --keep selects; give --keep too"),
        headshot("--photos", nowhere, "--distortion", "40").errorLines());
    assertEquals(
        List.of(
            "--distortion must be a number from 0 to 100, got 140 (try ./likeness headshot --help)"),
        headshot("--photos", nowhere, "--keep", "1", "--distortion", "140").errorLines());
    assertEquals(
        List.of("--brisque takes two files, MODEL,RANGE, got 1"),
        headshot("--photos", photos.toString(), "--brisque", "one.yml").errorLines());
    CommandResult judged = headshot(
        "--photos",
        photos.toString(),
        "--style",
        "studio",
        "--keep",
        "1",
        "--distortion",
        "40",
        "--seed",
        "20");
    assertEquals(3, judged.status(), judged.err());
    assertTrue(
        judged.errorLines().get(0).startsWith("no headshot shows a face (number of headshots: 1)"),
        judged.err());
  }

  @Test
  void refusesImpossibleShootsBeforeTraining() throws IOException {
    String nowhere = folder.resolve("nowhere").toString();
    CommandResult size = headshot("--photos", nowhere, "--size", "100");
    assertEquals(2, size.status(), size.err());
    assertEquals(
        List.of(
            "size 100 is not a multiple of 8 from 64 to 4096; choose such a multiple, or omit the"
                + " size to use the base's own"),
        size.errorLines());
    CommandResult keep =
        headshot("--photos", nowhere, "--style", "studio", "--count", "2", "--keep", "3");
    assertEquals(2, keep.status(), keep.err());
    assertEquals(
        List.of("cannot keep 3 headshots; keep at least 1, and at most the number of"
            + " generated headshots, 2"),
        keep.errorLines());
    Path styles = Files.writeString(folder.resolve("styles.json"), """
        [{"name": "noir", "opening": "portrait", "wardrobe": ["a suit"], "expressions": ["neutral expression"],
          "lights": ["soft light"], "backdrops": ["gray background"], "bases": ["flux"]}]
        """);
    CommandResult style = headshot("--photos", photos.toString(), "--styles", styles.toString());
    assertEquals(3, style.status(), style.err());
    assertTrue(
        style
            .errorLines()
            .get(0)
            .startsWith("the style noir is for bases of the family flux, but the base "),
        style.err());
    assertTrue(
        style.err().lines().noneMatch(line -> line.startsWith("train")),
        "a person was trained first: " + style.err());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @Test
  void writesTheRequestedSizeOrReportsTheShortage() throws IOException {
    CommandResult first = headshot(
        "--photos", photos.toString(), "--style", "studio", "--size", "96", "--aspect", "72x72");
    assertEquals(0, first.status(), first.err());
    assertEquals("72x72 image", RgbImage.read(out.resolve("headshot-001.png")).toString());
    Path person = Files.move(out.resolve("person.safetensors"), folder.resolve("ada.safetensors"));
    out = folder.resolve("more");
    CommandResult more =
        headshot("--person", person.toString(), "--style", "studio", "--aspect", "100x100");
    assertEquals(0, more.status(), more.err());
    assertEquals("100x100 image", RgbImage.read(out.resolve("headshot-001.png")).toString());
    assertTrue(
        more.err().contains("seed 0: enlarged 3.1 times to 100x100, which adds no detail"),
        more.err());
    assertTrue(
        more.err()
            .contains(
                "100x100: images of 32 pixels are smaller, so crops are enlarged and look soft; "
                    + "for sharp crops give --size 104"),
        more.err());
  }

  @Test
  void asksForConsentHoweverThePhotosAreListed() {
    // Beside them lies a people.json with their digests, as anybody can write one.
    assertTrue(Files.exists(photos.resolveSibling("people.json")));
    List<String> arguments = arguments("--photos", photos.toString());
    arguments.removeAll(List.of("--consent", Selfies.CONSENT));
    CommandResult run = CommandResult.of(arguments.toArray(String[]::new));
    assertEquals(2, run.status());
    assertEquals(
        List.of(
            "--consent TEXT is missing: say who agreed to what, such as \"Ada Byron, 2026-11-20: "
                + "headshots for my own use\"; only the example photos need none"),
        run.errorLines());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @Test
  void showsAPreviewAfterAThirdOfTheTraining() throws IOException {
    String[] options = {"--photos", photos.toString(), "--style", "studio", "--train-steps", "3"};
    Files.createDirectories(out);
    Path foreign = Files.writeString(out.resolve("preview.png"), "an image of the user");
    CommandResult run = headshot(options);
    assertEquals(0, run.status(), run.err());
    Path shown = out.resolve("preview-2.png");
    assertTrue(run.err().contains(shown + " shows the person after 1 training step\n"), run.err());
    assertEquals("an image of the user", Files.readString(foreign));
    assertEquals(
        RgbImage.read(out.resolve("headshot-001.png")).width(),
        RgbImage.read(shown).width());
    String marked =
        CommandResult.of("verify", out.resolve("headshot-001.png").toString()).out();
    assertEquals(
        marked.replace("headshot-001.png", "preview-2.png"),
        CommandResult.of("verify", shown.toString()).out());
    List<String> replacing = arguments(options);
    replacing.add("--overwrite");
    CommandResult again = CommandResult.of(replacing.toArray(String[]::new));
    assertEquals(0, again.status(), again.err());
    assertEquals(RgbImage.read(shown), RgbImage.read(foreign), "another preview");
  }

  @Test
  void goesOnWithTheTrainingInWhichItWasCancelled() throws IOException {
    CommandResult run = CommandResult.cancelledAt(
        "train: ", arguments("--photos", photos.toString()).toArray(String[]::new));
    assertEquals(130, run.status(), run.err());
    assertEquals(List.of("cancelled; no half-written file was left"), run.errorLines());
    assertEquals(1, TinyBase.namesIn(out).size());
    Path state = out.resolve(TinyBase.namesIn(out).get(0));
    assertTrue(run.err().contains(state + " contains the unfinished training"), run.err());
    byte[] kept = Files.readAllBytes(state);
    Files.writeString(state, "damaged");
    assertEquals(3, headshot("--photos", photos.toString()).status(), "the state is not read");
    Files.write(state, kept);
    Path alike = Files.writeString(out.resolve("training-holidays.safetensors"), "no state");
    CommandResult again = headshot("--photos", photos.toString());
    assertEquals(0, again.status(), again.err());
    assertFalse(Files.exists(state));
    assertTrue(Files.exists(alike));
    byte[] finished = Files.readAllBytes(out.resolve("headshot-001.png"));
    assertEquals(2, headshot("--photos", photos.toString()).status());
    assertArrayEquals(finished, Files.readAllBytes(out.resolve("headshot-001.png")));
    assertEquals(
        0,
        headshot("--photos", photos.toString(), "--overwrite").status(),
        "the person is replaced by themselves");
    CommandResult other = headshot("--photos", photos.toString(), "--overwrite", "--rank", "2");
    assertTrue(
        other
            .errorLines()
            .get(0)
            .startsWith(out.resolve("person.safetensors") + " was trained on other photos"),
        other.err());
    assertFalse(other.err().contains("train: "), other.err());
  }

  @Test
  void keepsImagesFinishedBeforeItWasCancelled() throws IOException {
    CommandResult run = CommandResult.cancelledAt(
        2, "sample: ", arguments("--photos", photos.toString()).toArray(String[]::new));
    assertEquals(130, run.status(), run.err());
    assertEquals(
        List.of("headshot-001.png", "person.safetensors", "record.json"), TinyBase.namesIn(out));
    assertEquals(
        List.of("headshot-001.png"),
        fields(
            JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json"))), "headshots", "file"));
    CommandResult resumed = headshot("--photos", photos.toString(), "--also", "jpeg");
    assertEquals(0, resumed.status(), resumed.err());
    assertNull(JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json"))).get("interrupted"));
    assertTrue(TinyBase.namesIn(out).contains("report.html"));
  }

  @Test
  void replacesNoFileOfAnInterruptedShootThatIsNotItsOwn() throws IOException {
    CommandResult.cancelledAt(
        2, "sample: ", arguments("--photos", photos.toString()).toArray(String[]::new));
    for (String foreign : List.of("headshot-004.png", "contact-sheet.png", "report.html")) {
      Path file = Files.writeString(out.resolve(foreign), "mine");
      CommandResult run = headshot("--photos", photos.toString());
      assertEquals(2, run.status(), run.err());
      assertTrue(run.errorLines().get(0).startsWith(file + " already exists"), run.err());
      assertEquals("mine", Files.readString(file));
      Files.delete(file);
    }
  }

  @Test
  void endsWithFourOnAFullDiskAndLeavesNothing() {
    CommandResult run;
    try (FullDisk disk = FullDisk.after(1000)) {
      run = headshot("--photos", photos.toString(), "--train-steps", "3");
    }
    assertEquals(4, run.status(), run.err());
    assertTrue(run.err().contains("there is no preview of the training: cannot write "), run.err());
    assertEquals(
        List.of("cannot write " + out.resolve("person.safetensors")
            + ": No space left on device; make room on the disk, or choose another place"),
        run.errorLines());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @Test
  void refusesALoraThatIsNoPerson() {
    Path file = base.resolve("vae/diffusion_pytorch_model.safetensors");
    CommandResult run = headshot("--person", file.toString());
    assertEquals(3, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.errorLines().get(0).startsWith(file.toString()), run.err());
  }

  private CommandResult headshot(String... more) {
    return CommandResult.of(arguments(more).toArray(String[]::new));
  }

  private List<String> arguments(String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "headshot", "--dtype", "f32", "--device", "cpu", "--steps", "2", "--out", out.toString()));
    arguments.addAll(List.of(more));
    if (arguments.contains("--photos")) {
      if (!arguments.contains("--train-steps")) {
        arguments.addAll(List.of("--train-steps", "2"));
      }
      if (!arguments.contains("--consent")) {
        arguments.addAll(List.of("--consent", Selfies.CONSENT));
      }
    }
    if (!arguments.contains("--base")) {
      arguments.addAll(List.of("--base", base.toString()));
    }
    return arguments;
  }

  private static List<?> fields(Map<String, Object> record, String list, String field) {
    return ((List<?>) record.get(list))
        .stream().map(entry -> ((Map<?, ?>) entry).get(field)).toList();
  }
}
