package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.photos.PhotoSet;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.SubjectStudio;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Learning alone, on a tiny base. */
@ExtendWith(NoTensorLeaks.class)
class TrainCommandTest {
  private static final String STRANGER = "5000000001";
  private static final Path EXAMPLES = Outside.ROOT.resolve("examples/photos/person-5000000002");

  @TempDir
  private static Path shared;

  private static Path base;
  private static Path photos;

  @TempDir
  private Path folder;

  @BeforeAll
  static void copyPhotos() {
    base = TinyBase.in(shared);
    photos = Selfies.of(STRANGER, 2, shared.resolve("people"));
    // OpenCV keeps a few objects of its own from its first use on.
    assertEquals(0, CommandResult.of("photos", photos.toString()).status());
  }

  private static CommandResult train(String... more) {
    return trainOn(base, more);
  }

  private static CommandResult trainOn(Path model, String... more) {
    List<String> arguments = new ArrayList<>(
        List.of("train", "--base", model.toString(), "--dtype", "f32", "--device", "cpu"));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--steps")
        && !arguments.contains("--max-train-steps")
        && !arguments.contains("--epochs")) {
      arguments.addAll(List.of("--steps", "2"));
    }
    if (!arguments.contains("--consent")) {
      arguments.addAll(List.of("--consent", Selfies.CONSENT));
    }
    if (!arguments.contains("--photos")) {
      arguments.addAll(List.of("--photos", photos.toString()));
    }
    return CommandResult.of(arguments.toArray(String[]::new));
  }

  @Test
  void warnsThatPortraitCannotLearnPhotographs() throws IOException {
    Path real = Files.createDirectory(folder.resolve("real"));
    for (int i = 1; i < 3; i++) {
      Files.write(
          real.resolve(i + ".png"),
          RgbImage.read(photos.resolve("selfie-0" + i + ".jpg")).toPng());
    }
    Path rendered = Files.createDirectory(folder.resolve("rendered"));
    for (String name : List.of("selfie-01.jpg", "selfie-02.jpg")) {
      Files.copy(EXAMPLES.resolve(name), rendered.resolve(name));
    }
    for (String command : List.of("train", "headshot")) {
      assertTrue(warned(command, real, "portrait"));
      assertFalse(warned(command, real, base.toString()));
      assertFalse(warned(command, rendered, "portrait"));
    }
  }

  private boolean warned(String command, Path photos, String base) {
    return CommandResult.cancelledAt(
            "can be used",
            command,
            "--photos",
            photos.toString(),
            "--consent",
            "mine",
            "--base",
            base,
            "--out",
            folder.resolve(command).toString())
        .err()
        .contains("portrait was trained on rendered people only");
  }

  /** Trains a file that generates, on each base with a language model. */
  @ParameterizedTest
  @ValueSource(strings = {"klein/base", "zimage/turbo"})
  void trainsABaseWithALanguageModel(String variant) {
    Path model = PipelineFolder.write(variant, folder).path();
    Path out = folder.resolve("ada.safetensors");
    CommandResult run = trainOn(model, "--size", "64", "--out", out.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("the training needs about "), run.err());
    assertEquals(
        variant.startsWith("zimage"), run.err().contains("or give a training adapter"), run.err());
    try (BaseModel opened = BaseModel.open(model, Compute.EXACT);
        Lora lora = Lora.open(out, opened)) {
      assertEquals(
          32,
          opened
              .generate(ImageRequest.of("a woman").steps(1).size(32, 32).adapter(lora.at(1)))
              .image()
              .width());
    }
    // The LoRA itself as adapter of another training.
    assertEquals(
        0,
        trainOn(
                model,
                "--steps",
                "1",
                "--size",
                "64",
                "--training-adapter",
                out.toString(),
                "--out",
                folder.resolve("eve.safetensors").toString())
            .status());
  }

  /** The frozen base in 8 bits, and every option of the optimiser. */
  @Test
  void trainsInLittleMemoryWithOtherOptimizers() {
    Path model = PipelineFolder.write("klein/base", folder).path();
    Path out = folder.resolve("ada.safetensors");
    CommandResult run = trainOn(
        model,
        "--size",
        "64",
        "--eight-bits",
        "--optimizer",
        "adamw-schedule-free",
        "--learning-rate",
        "1e-3",
        "--warmup-steps",
        "1",
        "--ema-decay",
        "0.5",
        "--algorithm",
        "loha",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    try (BaseModel opened = BaseModel.open(model, Compute.EXACT);
        LoraPerson person = LoraPerson.open(out, opened)) {
      assertEquals(Set.of(LoraAlgorithm.LOHA), person.lora().inspection().algorithms());
      String recipe = person.trainingSettings();
      assertTrue(recipe.contains("ADAMW_SCHEDULE_FREE"), recipe);
      assertTrue(recipe.contains("peak=0.001") && recipe.contains("warmupSteps=1"), recipe);
      assertTrue(recipe.contains("emaDecay=0.5"), recipe);
    }
  }

  /** Every setting under the names of kohya's and diffusers' scripts. */
  @Test
  void takesTheNamesOfKohyasAndDiffusersScripts() {
    Path out = folder.resolve("ada.safetensors");
    CommandResult run = train(
        "--network-dim",
        "4",
        "--network-alpha",
        "2",
        "--train-batch-size",
        "1",
        "--gradient-accumulation-steps",
        "2",
        "--max-train-steps",
        "3",
        "--learning-rate",
        "1e-4",
        "--lr-scheduler",
        "cosine_with_restarts",
        "--lr-scheduler-num-cycles",
        "2",
        "--lr-warmup-steps",
        "1",
        "--no-train-text-encoder",
        "--seed",
        "7",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    try (BaseModel opened = BaseModel.open(base, Compute.EXACT);
        LoraPerson person = LoraPerson.open(out, opened)) {
      String settings = person.trainingSettings();
      for (String part : List.of(
          "rank=4",
          "alpha=2.0",
          "batchSize=1",
          "gradientAccumulationSteps=2",
          "peak=1.0E-4",
          "scheduler=COSINE_WITH_RESTARTS",
          "warmupSteps=1",
          "cycles=2",
          "trainTextEncoder=false",
          "steps=3",
          "seed=7")) {
        assertTrue(settings.contains(part), part + " in " + settings);
      }
    }
  }

  /** Photos of two shapes on every family that can be trained: each batch has one shape. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "sd1",
        "sdxl/xl-base",
        "flux/dev",
        "sd3/medium",
        "klein/base",
        "zimage/turbo",
        "chroma/base"
      })
  void trainsOnWholePhotosInBuckets(String variant) throws IOException {
    Path model = variant.equals("sd1") ? base : PipelineFolder.any(variant, folder);
    Path shapes = shapes();
    Path out = folder.resolve("ada.safetensors");
    CommandResult run = trainOn(
        model,
        "--photos",
        shapes.toString(),
        "--size",
        "64",
        "--enable-bucket",
        "--bucket-reso-steps",
        "32",
        "--batch-size",
        "2",
        "--steps",
        "2",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.err().contains("photos by the size of their bucket: 64x64 (1), 96x32 (1)"), run.err());
    try (BaseModel opened = BaseModel.open(model, Compute.EXACT);
        LoraPerson person = LoraPerson.open(out, opened)) {
      assertTrue(person.trainingSettings().contains("batchSize=2"), person.trainingSettings());
    }
  }

  /** A square photo, and one of three times its width, with bars at its sides. */
  private Path shapes() throws IOException {
    Path shapes = Files.createDirectory(folder.resolve("shapes"));
    RgbImage square = RgbImage.read(photos.resolve("selfie-01.jpg"));
    square.writePng(shapes.resolve("square.png"));
    RgbImage other = RgbImage.read(photos.resolve("selfie-02.jpg"));
    int side = other.width();
    byte[] rgb = new byte[3 * 3 * side * side];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < 3 * side; x++) {
        int from = Math.max(0, Math.min(side - 1, x - side));
        for (int c = 0; c < 3; c++) {
          rgb[(y * 3 * side + x) * 3 + c] = (byte) other.at(from, y, c);
        }
      }
    }
    RgbImage.of(3 * side, side, rgb).writePng(shapes.resolve("wide.png"));
    return shapes;
  }

  @Test
  void trainsACopyOfTheBaseOnWholePhotosThatAreNotEnlarged() throws IOException {
    CommandResult run = train(
        "--photos",
        shapes().toString(),
        "--method",
        "dreambooth",
        "--size",
        "64",
        "--enable-bucket",
        "--bucket-no-upscale",
        "--bucket-reso-steps",
        "16",
        "--out",
        folder.resolve("ada").toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.err().contains("photos by the size of their bucket: 64x64 (1), 96x32 (1)"), run.err());
  }

  /** Two photos, each four times: two batches of four, in each of three epochs. */
  @Test
  void countsTheStepsOfEpochs() {
    Path out = folder.resolve("ada.safetensors");
    CommandResult run =
        train("--epochs", "3", "--repeats", "4", "--batch-size", "4", "--out", out.toString());
    assertEquals(0, run.status(), run.err());
    try (BaseModel opened = BaseModel.open(base, Compute.EXACT);
        LoraPerson person = LoraPerson.open(out, opened)) {
      String settings = person.trainingSettings();
      assertTrue(settings.contains("steps=6"), settings);
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      --epochs 2 --steps 3 | --epochs and --steps both say how long the training is; leave out one of them
      --repeats 2 --steps 3 | --repeats is the number of repeats in an epoch; give --epochs too, or leave it out and give --steps
      --steps 3 --lr-scheduler cosine --lr-scheduler-num-cycles 2 | --lr-scheduler-num-cycles does nothing without --lr-scheduler cosine-with-restarts; give both or leave it out
      --steps 3 --lr-scheduler-num-cycles 2 | --lr-scheduler-num-cycles does nothing without --lr-scheduler cosine-with-restarts; give both or leave it out
      --steps 3 --bucket-no-upscale | --min-bucket-reso, --max-bucket-reso, --bucket-reso-steps and --bucket-no-upscale do nothing without --enable-bucket; give it too, or leave them out
      --steps 3 --enable-bucket --bucket-no-upscale --min-bucket-reso 64 | --min-bucket-reso and --max-bucket-reso do nothing with --bucket-no-upscale, where the photos decide the sizes; leave them out
      --steps 3 --lr-scheduler polynomial | unknown --lr-scheduler "polynomial"; known: cosine-from-start, constant, linear, cosine, cosine-with-restarts
      """)
  void refusesSettingsThatContradict(String options, String message) {
    List<String> arguments = new ArrayList<>(List.of(options.split(" ")));
    arguments.addAll(List.of("--out", folder.resolve("ada.safetensors").toString()));
    CommandResult run = train(arguments.toArray(String[]::new));
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(message), run.err());
    assertFalse(run.err().contains("can be used"), "refused before the photos are reviewed");
  }

  @Test
  void refusesUnknownOptimizersAndOptionsOfLorasForWholeModels() {
    String out = folder.resolve("ada.safetensors").toString();
    CommandResult unknown = train("--optimizer", "sgd", "--out", out);
    assertEquals(2, unknown.status(), unknown.err());
    assertTrue(
        unknown
            .err()
            .contains("unknown --optimizer \"sgd\"; known: adamw, adamw-8bit, adafactor, prodigy,"
                + " lion, adamw-schedule-free"),
        unknown.err());
    CommandResult whole = train("--method", "dreambooth", "--eight-bits", "--out", out);
    assertEquals(2, whole.status(), whole.err());
    assertEquals(
        List.of("--rank, --alpha, --preset, --algorithm and --eight-bits are for LoRAs; leave them"
            + " out with --method dreambooth"),
        whole.errorLines());
    CommandResult decay = train("--ema-decay", "1", "--out", out);
    assertEquals(2, decay.status(), decay.err());
  }

  @Test
  void refusesADistilledBase() {
    Path model = PipelineFolder.write("klein/distilled", folder).path();
    CommandResult run = trainOn(
        model, "--size", "64", "--out", folder.resolve("ada.safetensors").toString());
    assertEquals(2, run.status(), run.err());
    assertTrue(
        run.err().contains(" is distilled, and training would undo the distillation"), run.err());
  }

  @Test
  void trainsACopyOfTheBaseAndPlotsTheLoss() throws IOException {
    Path out = folder.resolve("ada");
    Path plot = folder.resolve("plot.png");
    String here = Files.createDirectories(out).resolve(".").toString();
    CommandResult run = train("--method", "dreambooth", "--out", here, "--plot", plot.toString());
    assertEquals(0, run.status(), run.err());
    assertEquals(here, run.out().strip());
    assertTrue(
        run.err().lines().anyMatch(line -> line.matches("in prompts: .*(woman|man|person).*")),
        run.err());
    assertFalse(
        run.err().contains("class images"), "a small base learns its own images: " + run.err());
    assertEquals(List.of("ada", "plot.png"), TinyBase.namesIn(folder));
    assertTrue(RgbImage.read(plot).width() > 500);
    try (BaseModel trained = BaseModel.open(out, Compute.EXACT)) {
      assertEquals("ada", trained.name());
    }
    Path file = out.resolve("unet/diffusion_pytorch_model.safetensors");
    assertTrue(
        Files.mismatch(file, base.resolve("unet/diffusion_pytorch_model.safetensors")) >= 0,
        "nothing learned");
    CommandResult again = train("--method", "dreambooth", "--out", out.toString());
    assertEquals(2, again.status());
    assertEquals(
        List.of("--out " + out + " already contains files, and no folder is replaced; give a folder"
            + " that does not exist"),
        again.errorLines());
  }

  /** kohya's folders: the class word in a caption becomes the person's phrase. */
  @Test
  void trainsWithTheCaptionsBesidePhotos() throws IOException {
    Path three = Selfies.of(STRANGER, 3, folder.resolve("people"));
    Path named = Files.createDirectories(folder.resolve("set").resolve("10_ada"));
    for (int i = 1; i < 4; i++) {
      Files.copy(three.resolve("selfie-0" + i + ".jpg"), named.resolve(i + ".jpg"));
    }
    Files.writeString(named.resolve("1.txt"), "Ada by a window");
    Files.writeString(named.resolve("2.caption"), "red scarf");
    CommandResult run =
        train("--photos", folder.resolve("set").toString(), "--out", folder + "/ada.safetensors");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("10_ada/1.jpg"), run.err());
    assertTrue(
        run.err()
            .contains("the captions of 2 of 3 photos are used; 1 of them did not name the person,"
                + " so \""),
        run.err());
  }

  @Test
  void makesLorasOfLoras() {
    Path person = folder.resolve("ada.safetensors");
    CommandResult run = train("--rank", "2", "--preset", "QUICK", "--out", person.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("the training needs about "), run.err());
    assertTrue(run.err().contains("in prompts: "), run.err());
    Path half = folder.resolve("half.safetensors");
    CommandResult merged = CommandResult.of(
        "lora",
        person + "@0.5",
        person + "@0.25",
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--rank",
        "1",
        "--key-format",
        "KOHYA",
        "--out",
        half.toString());
    assertEquals(0, merged.status(), merged.err());
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        Lora lora = Lora.open(half, model)) {
      assertEquals(KeyFormat.KOHYA, lora.inspection().keyFormat().orElseThrow());
      assertEquals(1, lora.inspection().rank());
    }
    CommandResult again = CommandResult.of(
        "lora", person.toString(), "--base", base.toString(), "--out", half.toString());
    assertEquals(2, again.status());
    assertEquals(
        List.of("--out " + half + " already exists; give another --out, or --overwrite to replace"
            + " the file"),
        again.errorLines());
    CommandResult none = CommandResult.of(
        "lora", "--base", base.toString(), "--out", folder.resolve("no").toString());
    assertEquals(
        List.of("give either LoRA files or --extract TUNED-BASE (try ./likeness lora --help)"),
        none.errorLines());
  }

  /** Without a captioner, looks and scenes are what pixels tell, and the person is a rare token. */
  @ParameterizedTest
  @ValueSource(strings = {"sdxl/xl-base", "sd3/medium", "flux/dev"})
  void trainsOnBasesWithoutExtras(String name) {
    Path bare = PipelineFolder.any(name, folder);
    Path person = folder.resolve("ada.safetensors");
    CommandResult run = trainOn(
        bare, "--steps", "3", "--size", "64", "--trait", "sex=woman", "--out", person.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.err().lines().anyMatch(line -> line.matches("in prompts: .*sks woman.*")), run.err());
    try (BaseModel model = BaseModel.open(bare, Compute.EXACT);
        LoraPerson again = LoraPerson.open(person, model)) {
      assertEquals(8, again.lora().inspection().rank(), "the recipe of its family");
    }
  }

  @Test
  void goesOnWithThePhotosOfWhoAgreesAgain() throws IOException {
    Path person = folder.resolve("ada.safetensors");
    String[] arguments = {
      "train",
      "--photos",
      photos.toString(),
      "--base",
      base.toString(),
      "--dtype",
      "f32",
      "--device",
      "cpu",
      "--steps",
      "2",
      "--consent",
      "Ada: yes",
      "--out",
      person.toString()
    };
    CommandResult stop = CommandResult.cancelledAt("train: 2", arguments);
    assertEquals(130, stop.status());
    Path state = folder.resolve("ada.safetensors.state");
    assertTrue(
        stop.err()
            .contains(state + " contains the unfinished training: the same command with --resume"),
        stop.err());
    byte[] learnt = Files.readAllBytes(state);
    long stopped = System.currentTimeMillis() / 1000;
    while (System.currentTimeMillis() / 1000 == stopped) {
      LockSupport.parkNanos(10_000_000);
    }
    CommandResult resumed = train("--consent", "Ada: yes", "--resume", "--out", person.toString());
    assertEquals(0, resumed.status(), resumed.err());
    assertEquals(List.of("ada.safetensors"), TinyBase.namesIn(folder));
    Files.write(state, learnt);
    byte[] first = Files.readAllBytes(person);
    assertEquals(
        List.of("--out " + person + " already exists; give another --out, or --overwrite to replace"
            + " the file"),
        train("--out", person.toString()).errorLines());
    Path moved = Files.move(person, folder.resolve("moved.safetensors"));
    CommandResult refused = train("--out", person.toString());
    assertEquals(2, refused.status(), refused.err());
    assertEquals(
        List.of(state + " is the state of a stopped training; give --resume to resume the training,"
            + " or --overwrite to delete the state and start again"),
        refused.errorLines());
    assertArrayEquals(learnt, Files.readAllBytes(state));
    Files.move(moved, person);
    CommandResult replaced = train("--overwrite", "--out", person.toString());
    assertEquals(0, replaced.status(), replaced.err());
    assertTrue(replaced.err().contains(state + " of a stopped training is deleted"));
    assertFalse(Arrays.equals(first, Files.readAllBytes(person)));
  }

  /** Without a state, --resume changes nothing: neither a finished person nor another file. */
  @ParameterizedTest
  @ValueSource(strings = {"lora", "lora finished", "lora other", "dreambooth", "dreambooth other"})
  void resumesNothingWithoutAState(String place) throws IOException {
    String[] words = place.split(" ");
    Path out = folder.resolve("ada");
    if (place.equals("dreambooth other")) {
      Files.writeString(Files.createDirectory(out).resolve("mine.txt"), "mine");
    } else if (words.length > 1) {
      Files.writeString(out, words[1]);
    }
    Files.writeString(folder.resolve("other.state"), "of another");
    Map<Path, String> before = contents();
    CommandResult run = train("--method", words[0], "--resume", "--out", out.toString());
    assertEquals(3, run.status(), run.err());
    assertEquals(
        List.of(folder.resolve("ada.state") + " does not exist, so there is no"
            + " stopped training to resume; leave out --resume to train from the beginning"),
        run.errorLines());
    assertEquals(before, contents());
  }

  private Map<Path, String> contents() throws IOException {
    Map<Path, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(file, Files.readString(file));
      }
    }
    return contents;
  }

  @Test
  void tellsOfTextBesideThePhotosThatIsNotUsed() throws IOException {
    Path own = Files.createDirectory(folder.resolve("photos"));
    for (Path photo : PhotoSet.listFiles(photos)) {
      Files.copy(photo, own.resolve(photo.getFileName()));
    }
    Files.writeString(own.resolve("selfie-01.jpg.txt"), "a photo of a woman in a park");
    Files.writeString(own.resolve("metadata.jsonl"), "{}");
    String notice =
        "text beside the photos is not used: \"metadata.jsonl\", \"selfie-01.jpg.txt\"; a"
            + " caption for a.jpg is one line of text in a.txt or a.caption";
    for (String[] line : new String[][] {
      {"photos", own.toString()},
      {
        "train",
        "--photos",
        own.toString(),
        "--consent",
        "mine",
        "--base",
        base.toString(),
        "--out",
        "x"
      },
      {
        "headshot",
        "--photos",
        own.toString(),
        "--consent",
        "mine",
        "--base",
        base.toString(),
        "--out",
        folder.resolve("shoot").toString()
      }
    }) {
      CommandResult run = CommandResult.cancelledAt("can be used", line);
      assertEquals(
          1, run.err().lines().filter(notice::equals).count(), String.join(" ", line) + run.err());
    }
  }

  @Test
  void storesFacesOfTheGivenEmbedder() throws IOException {
    Path embedder = Material.find("faces/mobileface_v2_112.onnx").orElse(null);
    assumeTrue(embedder != null, "no faces/mobileface_v2_112.onnx in the material");
    Path person = folder.resolve("ada.safetensors");
    CommandResult run = train("--embedder", embedder.toString(), "--out", person.toString());
    assertEquals(0, run.status(), run.err());
    List<String> faces = PlainPerson.read(person).faces();
    assertEquals(2, faces.size());
    Path key = folder.resolve("key.txt");
    CommandResult stored = train(
        "--embedder",
        embedder.toString(),
        "--store",
        folder.resolve("store").toString(),
        "--key",
        key.toString());
    assertEquals(0, stored.status(), stored.err());
    try (SubjectStore store = SubjectStore.open(folder.resolve("store"), WrappingKey.ofFile(key));
        BaseModel model = BaseModel.open(base, Compute.EXACT);
        LoraPerson kept =
            LoraPerson.open(SubjectStudio.personFile(store.subject(stored.out().strip())), model)) {
      assertEquals(2, PersonRecord.of(kept).faces().orElseThrow().vectors().size());
    }
  }

  @Test
  void refusesARankThatDoesNotFitBeforeTraining() {
    String key = folder.resolve("key.txt").toString();
    for (List<String> where : List.of(
        List.of("--out", folder.resolve("big").toString()),
        List.of("--store", folder.resolve("store").toString(), "--key", key))) {
      List<String> asked = new ArrayList<>(List.of("--rank", "2000000000", "--class-images", "1"));
      asked.addAll(where);
      CommandResult run = train(asked.toArray(String[]::new));
      assertTrue(
          run.errorLines()
              .get(0)
              .matches(
                  "training a person on .* takes at least .*; use smaller images or a smaller base"),
          run.err());
      assertFalse(run.err().contains("class images"), run.err());
    }
  }

  @Test
  void refusesContradictoryOptions() {
    CommandResult blind =
        train("--validation-steps", "1", "--out", folder.resolve("b").toString());
    assertEquals(
        List.of("--validation-steps needs a face embedder, and the base has none; give --embedder"
            + " FILE"),
        blind.errorLines());
    CommandResult unknown =
        train("--method", "hypernetwork", "--out", folder.resolve("a").toString());
    assertEquals(2, unknown.status());
    assertEquals(
        List.of("unknown training method \"hypernetwork\"; known: lora, dreambooth"),
        unknown.errorLines());
    CommandResult misplaced = train("--out", folder.toString());
    assertEquals(
        List.of("--out " + folder + " is a folder; give a file in it"), misplaced.errorLines());
    CommandResult store =
        train("--method", "dreambooth", "--store", folder.resolve("store").toString());
    assertEquals(
        List.of("--method dreambooth and --plot need --out; a store keeps person files only"),
        store.errorLines());
  }
}
