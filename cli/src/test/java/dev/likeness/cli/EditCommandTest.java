package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.command.ReferenceOptionTest;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Editing a headshot that shows a face, on a tiny base whose images are noise. */
class EditCommandTest {
  private static final int SIDE = 96;

  @TempDir
  private static Path folder;

  private static Path base;
  private static Path person;
  private static Path image;

  @BeforeAll
  static void prepare() {
    base = TinyBase.in(folder);
    person = folder.resolve("ada.safetensors");
    try (BaseModel model = BaseModel.open(base, Compute.best());
        LoraPerson ada = new LoraTrainer(TrainingSettings.quick().steps(1))
            .train(
                model,
                List.of(RgbImage.of(32, 32, new byte[32 * 32 * 3])),
                PersonToken.of("woman").consent("Ada: yes"),
                Run.silent())) {
      ada.save(person);
    }
    image = folder.resolve("headshot.png");
    Resampler.AREA.resize(Selfies.headshot(folder), SIDE, SIDE).writePng(image);
  }

  @Test
  void changesTheOutfitAndKeepsTheFaceToThePixel() {
    try (BaseModel model = BaseModel.open(base, Compute.best());
        CascadeDetector detector = new CascadeDetector();
        LoraPerson ada = LoraPerson.open(person, model)) {
      Headshot before = Headshot.of(RgbImage.read(image), Style.named("studio"), "Ada");
      BoundingBox face = detector.detect(before.image()).get(0).region();
      HeadshotEdit.Result edited = HeadshotStudio.on(model)
          .detector(detector)
          .edit(ada, before.steps(2), HeadshotEdit.of(Style.Part.OUTFIT, "a hoodie"), Run.silent());
      RgbImage after = edited.after().image();
      // A collar beside the neck may reach above the chin, so the whole neckline is generated.
      int jaw = (int) (face.y() + 0.78 * face.height());
      assertEquals(before.image().crop(0, 0, SIDE, jaw), after.crop(0, 0, SIDE, jaw));
      int left = (int) Math.ceil(face.center().x() - 0.1 * face.width());
      int chin = (int) (face.y() + 0.98 * face.height());
      int middle = (int) (0.2 * face.width()) - 1;
      assertEquals(before.image().crop(left, 0, middle, chin), after.crop(left, 0, middle, chin));
      assertTrue(
          edited.changedShare() > 0.05 && edited.changedShare() < 0.5, "" + edited.changedShare());
    }
  }

  @Test
  @Tag("slow")
  void usesTheStrengthOfEachPart() {
    HeadshotEdit backdrop = HeadshotEdit.of(Style.Part.BACKDROP, "brick wall");
    // Of ten steps the base's scheduler (PNDM) makes eleven.
    assertEquals(List.of(10, 6), stepsOf(backdrop.with(Style.Part.LIGHT, "window light")));
    assertEquals(List.of(10, 5), stepsOf(backdrop.with(Style.Part.SMILE, "smiling")));
    assertEquals(
        List.of(4), stepsOf(backdrop.with(Style.Part.LIGHT, "window light").strength(0.3)));
  }

  /** How many of ten steps each drawing of an edit takes; enlarging takes two. */
  private static List<Integer> stepsOf(HeadshotEdit edit) {
    List<Integer> steps = new ArrayList<>();
    try (BaseModel model = BaseModel.open(base, Compute.best());
        CascadeDetector detector = new CascadeDetector();
        LoraPerson ada = LoraPerson.open(person, model)) {
      Headshot before = Headshot.of(
              Resampler.AREA.resize(RgbImage.read(image), 64, 64), Style.named("studio"), "Ada")
          .steps(10);
      HeadshotStudio.on(model).detector(detector).edit(ada, before, edit, Run.of(event -> {
        if (event instanceof ProgressEvent.Step step && step.step() == 1 && step.steps() > 2) {
          steps.add(step.steps());
        }
      }));
    }
    return steps;
  }

  @Test
  @Tag("slow")
  void startsFromThePromptOfTheLastEdit() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    // What the tiny base draws shows no face, by which parts would be found.
    Path mask = folder.resolve("mask.png");
    RgbImage.of(SIDE, SIDE, new byte[SIDE * SIDE * 3]).writePng(mask);
    assertEquals(
        0,
        edit(image, first, "--light", "window light", "--mask", mask.toString()).status());
    assertEquals(
        0,
        edit(
                first.resolve("edited.png"),
                second,
                "--light",
                "golden hour",
                "--mask",
                mask.toString())
            .status());
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(second.resolve("edit.json")));
    assertEquals(
        "studio portrait of sks woman, window light",
        ((Map<?, ?>) record.get("before")).get("prompt"));
    assertEquals(
        "studio portrait of sks woman, golden hour",
        ((Map<?, ?>) record.get("after")).get("prompt"));
  }

  private static CommandResult edit(Path which, Path out, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "edit",
        which.toString(),
        "--person",
        person.toString(),
        "--base",
        base.toString(),
        "--strength",
        "0.1",
        "--out",
        out.toString()));
    arguments.addAll(List.of(more));
    return CommandResult.of(arguments.toArray(String[]::new));
  }

  @Test
  void readsPhotosUpright() throws IOException {
    Path lying = folder.resolve("lying.jpg");
    assertEquals(
        ReferenceOptionTest.rotated(lying, RgbImage.read(image)),
        Headshot.read(lying, "Ada").image());
  }

  @Test
  void neverOverwritesItsInput() throws IOException {
    Path out = Files.createDirectories(folder.resolve("chain"));
    Path edited = Files.copy(image, out.resolve("edited.png"));
    CommandResult run = edit(edited, out, "--light", "window light");
    assertEquals(
        List.of("--out " + edited + " is the same file as IMAGE " + edited
            + ", which the command reads; give another --out"),
        run.errorLines());
    assertArrayEquals(Files.readAllBytes(image), Files.readAllBytes(edited));
  }

  @Test
  void namesAMissingImage() throws IOException {
    Path out = Files.createDirectories(folder.resolve("again"));
    CommandResult run = edit(folder.resolve("typo.png"), out, "--light", "window light");
    assertEquals(3, run.status(), run.err());
    assertTrue(run.errorLines().get(0).contains("typo.png"), run.err());
  }

  @Test
  void writesTheEditedHeadshotAComparisonAndScores() throws IOException {
    Path out = folder.resolve("out");
    CommandResult run = edit(image, out, "--light", "window light", "--memory", "60GiB");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains(", budget 60.0 GiB"), run.err());
    assertEquals(List.of("before-after.png", "edit.json", "edited.png"), TinyBase.namesIn(out));
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve("edit.json")));
    assertTrue(OwnerOnly.isOwnerOnly(out.resolve("edit.json")));
    assertEquals(
        "studio portrait of sks woman, window light",
        ((Map<?, ?>) record.get("after")).get("prompt"));
    assertEquals(1.0, record.get("changed_share"));
    Map<?, ?> before = (Map<?, ?>) record.get("before");
    assertTrue(((List<?>) before.get("scores")).size() > 10);
    assertEquals(
        Set.of("file", "width", "height", "scores"),
        before.keySet(),
        "no record tells how it was made");
    assertNull(Headshot.read(image, "Ada").toMap("headshot.png").get("guidance"));
  }

  @Test
  void scoresTheFilesThatItWrites() throws IOException {
    Path labelled = folder.resolve("labelled");
    Path plain = folder.resolve("plain");
    String label = "AI-generated image, made with Likeness for this test";
    assertEquals(
        0, edit(image, labelled, "--outfit", "a hoodie", "--label", label).status());
    assertEquals(0, edit(image, plain, "--outfit", "a hoodie").status());

    assertEquals(scoresOf(labelled.resolve("edited.png")), recordedScores(labelled, "after"));
    assertEquals(scoresOf(plain.resolve("edited.png")), recordedScores(plain, "after"));
    assertEquals(scoresOf(image), recordedScores(plain, "before"));
    assertNotEquals(
        recordedScores(plain, "after"),
        recordedScores(labelled, "after"),
        "the label is part of the file");
  }

  private static List<?> recordedScores(Path out, String side) throws IOException {
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve("edit.json")));
    return (List<?>) ((Map<?, ?>) record.get(side)).get("scores");
  }

  private static List<?> scoresOf(Path file) throws IOException {
    try (BaseModel model = BaseModel.open(base, Compute.best());
        CascadeDetector detector = new CascadeDetector()) {
      List<?> scores = HeadshotScores.of(detector)
          .limits(ScoreLimits.of(model))
          .score(RgbImage.read(file))
          .asList();
      return JSON.std.listFrom(JSON.std.asString(scores));
    }
  }

  @Test
  void requiresConsentIfTheFileRecordsNone() {
    Path old = folder.resolve("old.safetensors");
    try (BaseModel model = BaseModel.open(base, Compute.best());
        LoraPerson ada = LoraPerson.open(person, model)) {
      ada.withPersonToken(ada.personToken().consent("")).save(old);
    }
    String missing =
        "no consent to generating headshots is recorded for this person; ask them, then give"
            + " --consent TEXT, or in Java person.withConsent(Consent.of(TEXT))";
    String kept =
        "--consent is for photos and for people whose file has no consent; the file or store of "
            + "this person already has a consent: leave --consent out";
    for (List<String> command : List.of(
        List.of("edit", image.toString(), "--light", "window light", "--strength", "0.1"),
        List.of("headshot", "--style", "studio", "--steps", "1"))) {
      CommandResult refused = by(command, old);
      assertEquals(3, refused.status(), refused.err());
      assertEquals(List.of(missing), refused.errorLines());
      assertEquals(0, by(command, old, "--consent", "Ada: yes").status());
      CommandResult told = by(command, person, "--consent", "Ada: yes");
      assertEquals(2, told.status(), told.err());
      assertTrue(told.errorLines().get(0).startsWith(kept), told.err());
    }
  }

  private static CommandResult by(List<String> command, Path who, String... more) {
    List<String> arguments = new ArrayList<>(command);
    arguments.addAll(List.of("--person", who.toString(), "--base", base.toString()));
    arguments.addAll(List.of("--overwrite", "--out", folder.resolve("asked").toString()));
    arguments.addAll(List.of(more));
    return CommandResult.of(arguments.toArray(String[]::new));
  }

  @Test
  void namesMissingOptions() {
    CommandResult run = CommandResult.of(
        "edit", image.toString(), "--person", "x", "--out", "x", "--prompt", "a hat");
    assertEquals(2, run.status());
    assertEquals(
        List.of("--prompt needs --mask IMAGE; to change a whole part, give --outfit, --backdrop, "
            + "--light or --expression (try ./likeness edit --help)"),
        run.errorLines());
    assertEquals(
        List.of("nothing to edit; give a mask, margins, or words for a part"),
        CommandResult.of("edit", image.toString(), "--person", "x", "--out", "x")
            .errorLines());
  }
}
