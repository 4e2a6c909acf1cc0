package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.internal.training.CaptionEncodings;
import dev.likeness.lora.internal.training.PeftSteps;
import dev.likeness.lora.internal.training.TrainableFullWeights;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.internal.training.TrainingStep;
import dev.likeness.lora.training.LearningRateScheduler;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.PivotalTuning;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Beside three steps of diffusers' script: {@code tools/goldens/training_dreambooth.py}. */
@ExtendWith(NoTensorLeaks.class)
class DreamBoothTest {
  private static final TrainingSettings PLAIN = TrainingSettings.balanced()
      .rank(1)
      .alpha(1)
      .targets(LoraTargets.ATTENTION)
      .trainTextEncoder(false)
      .steps(3)
      .batchSize(2)
      .learningRate(1e-4)
      .warmupSteps(0)
      .minSnrGamma(0)
      .weightDecay(0.01)
      .maxGradNorm(1)
      .randomFlip(false)
      .priorPreservation(0, 1)
      .captions("%s")
      .seed(0)
      .learningRateScheduler(LearningRateScheduler.CONSTANT);
  private static final PersonToken SUBJECT = PersonToken.of("woman").consent("she agreed");

  private static Path folder;
  private static BaseModel base;

  @TempDir
  private Path files;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    folder = ModelExtrasFile.write(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    base = GoldenFolder.load(folder);
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  @Test
  void makesTheStepsOfTheScript() {
    try (TensorRegion region = new TensorRegion();
        TrainableFullWeights weights =
            new TrainableFullWeights(EngineAccess.model(base), false, ScalarType.Float);
        AdamW optimizer = AdamW.standard();
        Safetensors given = Safetensors.open(GoldenLora.file("../training/reference"));
        Safetensors expected = Safetensors.open(GoldenLora.file("../training/dreambooth"))) {
      CaptionEncodings texts = CaptionEncodings.encode(
          TrainingTarget.of(EngineAccess.model(base)), prompts(), weights, region);
      TrainingStep learning = new TrainingStep(
          TrainingTarget.of(EngineAccess.model(base)),
          weights,
          optimizer,
          TrainingObjective.of(EngineAccess.model(base), PLAIN),
          texts);
      Map<String, Tensor> start = new LinkedHashMap<>();
      try (TensorScope scope = TensorScope.open()) {
        weights
            .weights()
            .leaves()
            .forEach((name, leaf) -> start.put(name, region.keep(leaf.detach().clone())));
        float[] losses = ImageTensors.floats(expected.read("loss"));
        for (int step = 0; step < 3; step++) {
          learning.backward(PeftSteps.batch(given, step), PLAIN);
          if (step == 0) {
            compareGradients(expected, weights.weights().leaves());
          }
          double loss = learning.optimize(PLAIN, 1e-4);
          assertEquals(losses[step], loss, 1e-4 * losses[step], "loss of step " + step);
        }
        compare(expected, start, weights.weights().leaves());
      }
    }
  }

  /** Every gradient's length, and a few of them number by number. */
  private static void compareGradients(Safetensors expected, Map<String, Tensor> leaves) {
    int lengths = 0;
    double whole = 0;
    double wrong = 0;
    for (String key : expected.names()) {
      if (key.startsWith("gradient.")) {
        Closeness.assertWithinSpread(
            1e-4,
            expected.read(key),
            leaves.get("unet." + key.substring("gradient.".length())).grad(),
            key);
      } else if (key.startsWith("gradient-norm.")) {
        double reference = expected.read(key).item_double();
        double length = leaves
            .get("unet." + key.substring("gradient-norm.".length()))
            .grad()
            .norm()
            .item_double();
        wrong += (length - reference) * (length - reference);
        whole += reference * reference;
        lengths++;
      }
    }
    assertEquals(leaves.size(), lengths);
    assertTrue(
        Math.sqrt(wrong / whole) < 1e-4,
        "gradients' lengths differ by " + Math.sqrt(wrong / whole));
  }

  private static void compare(
      Safetensors expected, Map<String, Tensor> start, Map<String, Tensor> leaves) {
    double wrong = 0;
    double whole = 0;
    for (String key : expected.names()) {
      if (key.startsWith("way.")) {
        String name = "unet." + key.substring("way.".length());
        double way = leaves.get(name).detach().sub(start.get(name)).norm().item_double();
        double reference = expected.read(key).item_double();
        wrong += (way - reference) * (way - reference);
        whole += reference * reference;
      } else if (key.startsWith("after.")) {
        Closeness.assertWithinSpread(
            3e-4,
            expected.read(key),
            leaves.get("unet." + key.substring("after.".length())).detach(),
            key);
      }
    }
    assertTrue(Math.sqrt(wrong / whole) < 1e-3, "ways differ by " + Math.sqrt(wrong / whole));
  }

  private static List<String> prompts() {
    return ((List<?>) GoldenLora.record("../training/reference").get("prompts"))
        .stream().map(String.class::cast).toList();
  }

  private static TrainingSet trainingSet() {
    byte[] rgb = new byte[24 * 16 * 3];
    new Random(5).nextBytes(rgb);
    return TrainingSet.of(List.of(RgbImage.of(24, 16, rgb)), SUBJECT);
  }

  private static float[] generate(BaseModel model) {
    return model.generate(ImageRequest.of("sks woman").steps(2).size(24, 16)).pixels();
  }

  @Test
  void usesTheLearningRateOfItsBase(@TempDir Path parent) {
    TrainingSettings small = DreamBooth.forBase(base).settings();
    assertEquals(
        List.of(3e-4, 300, 4, true, 0),
        List.of(
            small.learningRate(),
            small.steps(),
            small.batchSize(),
            small.trainTextEncoder(),
            small.classImages()));
    try (BaseModel large =
        BaseModel.open(PipelineFolder.write("klein/base", parent).path(), Compute.EXACT)) {
      assertEquals(DreamBooth.defaults(), DreamBooth.forBase(large));
    }
  }

  @Test
  void refusesATextualInversion() {
    DreamBooth request =
        DreamBooth.defaults().withSettings(PLAIN.pivotalTuning(PivotalTuning.of(2)));
    assertEquals(
        "DreamBooth cannot train a placeholder token; remove pivotal tuning, or train a LoRA",
        assertThrows(
                IllegalArgumentException.class,
                () -> request.train(base, trainingSet(), Run.silent()))
            .getMessage());
  }

  @Test
  void writesAModelThatOpensAndGeneratesDifferently() throws IOException {
    float[] before = generate(base);
    Path out = files.resolve("ada");
    try (TrainedModel ada = DreamBooth.defaults()
        .withSettings(PLAIN.learningRate(1e-3).trainTextEncoder(true).priorPreservation(1, 1))
        .train(base, trainingSet(), Run.silent())) {
      assertEquals("sks woman", ada.personToken().phrase());
      // A folder of the user, whose name looks like a temporary one.
      Files.createDirectories(files.resolve(".ada.part/unet"));
      Files.writeString(files.resolve(".ada.part/unet/config.json"), "{");
      ada.save(folder, out, DType.F32);
      assertEquals("{", Files.readString(files.resolve(".ada.part/unet/config.json")));
      assertEquals(List.of(".ada.part"), partialFolders());
      savesBesideAJar(ada, out);
      assertEquals(
          out + " already contains files; give a new folder",
          assertThrows(InvalidInputException.class, () -> ada.save(folder, out, DType.F32))
              .getMessage());
      assertEquals(
          out.resolve("unet")
              + " is not a diffusers folder: it has no model_index.json; make one with `likeness convert FILE FOLDER`",
          assertThrows(
                  InvalidInputException.class, () -> ada.save(out.resolve("unet"), out, DType.F32))
              .getMessage());
    }
    Map<String, String> header =
        SafetensorsHeader.read(out.resolve("text_encoder/model.safetensors")).metadata();
    assertEquals(
        List.of("sks", "woman", "she agreed", base.name(), "pt"),
        Stream.of(
                "likeness.token",
                "likeness.class_word",
                "likeness.consent",
                "likeness.base",
                "format")
            .map(header::get)
            .toList());
    try (BaseModel trained = BaseModel.open(out, Compute.EXACT)) {
      assertFalse(Arrays.equals(before, generate(trained)), "nothing was learned");
    }
    assertArrayEquals(before, generate(base), "training touched the base");
  }

  @Test
  void savesALinkedBaseOfACacheIntoAnExistingFolderAndKeepsThePartialModel() throws IOException {
    Path cache = files.resolve("models--a--b");
    Path linked = cache.resolve("snapshots/only");
    Path blobs = Files.createDirectories(cache.resolve("blobs"));
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Path link = linked.resolve(folder.relativize(file));
        Path blob = blobs.resolve(folder.relativize(file).toString().replace('/', '-'));
        Files.copy(file, blob);
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, link.getParent().relativize(blob));
      }
    }
    Path volume = Files.createDirectories(files.resolve("volume"));
    Path nowhere = Files.createSymbolicLink(files.resolve("broken"), files.resolve("gone"));
    try (TrainedModel ada =
        DreamBooth.defaults().withSettings(PLAIN).train(base, trainingSet(), Run.silent())) {
      ada.save(
          cache, Files.createSymbolicLink(files.resolve("out"), volume).resolve("."), DType.F32);
      assertTrue(Files.exists(volume.resolve("vae/config.json"))
          && Files.exists(volume.resolve("model_index.json")));
      String refused = assertThrows(
              ResourceLimitException.class, () -> ada.save(linked, nowhere, DType.F32))
          .getMessage();
      Path kept = files.resolve(partialFolders().get(0));
      assertTrue(refused.endsWith("the whole model is kept in " + kept), refused);
      assertTrue(Files.exists(kept.resolve("unet/config.json")));
      Files.createSymbolicLink(linked.resolve("loop"), linked);
      assertThrows(
          InvalidInputException.class, () -> ada.save(linked, files.resolve("never"), DType.F32));
    }
  }

  private List<String> partialFolders() throws IOException {
    try (Stream<Path> beside = Files.list(files)) {
      return beside
          .map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(".part"))
          .toList();
    }
  }

  private void savesBesideAJar(TrainedModel model, Path expected) throws IOException {
    try (FileSystem jar =
        FileSystems.newFileSystem(files.resolve("base.jar"), Map.of("create", "true"))) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path file : all.toList()) {
          Files.copy(file, jar.getPath("/base").resolve(folder.relativize(file).toString()));
        }
      }
      Path out = files.resolve("from-jar");
      model.save(jar.getPath("/base"), out, DType.F32);
      try (Stream<Path> all = Files.walk(expected)) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          assertEquals(
              -1, Files.mismatch(file, out.resolve(expected.relativize(file))), file.toString());
        }
      }
    }
  }

  @Test
  void trainsInBfloat16WithStochasticRounding() {
    TrainingSettings settings = PLAIN.steps(8).batchSize(1).stochasticRounding(true);
    assertEquals(
        "stochastic rounding needs a base that computes in bf16, not F32; open the base in bf16, or turn off"
            + " stochastic rounding",
        assertThrows(
                IllegalArgumentException.class,
                () -> new DreamBooth(settings).train(base, trainingSet(), Run.silent()))
            .getMessage());
    try (TensorScope scope = TensorScope.open();
        BaseModel half = BaseModel.open(folder, new Compute("cpu", DType.BF16));
        TrainedModel whole = new DreamBooth(settings).train(half, trainingSet(), Run.silent());
        TrainedModel again = new DreamBooth(settings).train(half, trainingSet(), Run.silent())) {
      double moved = 0;
      double all = 0;
      for (Map.Entry<String, Tensor> weight : whole.weights().entrySet()) {
        assertEquals(DType.BF16, Tensors.dtype(weight.getValue()));
        assertTrue(weight.getValue().equal(again.weights().get(weight.getKey())), weight.getKey());
        Tensor own = EngineAccess.model(half)
            .tensor(ModelComponent.UNET, weight.getKey().substring("unet.".length()));
        moved += weight.getValue().ne(own).sum().item_double();
        all += own.numel();
      }
      // A step of 1e-4 is less than half of what lies between neighbours at 0.05: plain rounding
      // would undo most.
      assertTrue(moved > 0.25 * all, moved + " of " + all + " weights moved");
    }
  }

  @Test
  @Tag("slow")
  void resumesWithTheSameWeights() {
    TrainingSettings settings = PLAIN.steps(27).batchSize(1).emaDecay(0.9);
    Path state = files.resolve("state.safetensors");
    Cancellation stop = new Cancellation();
    Progress late = event -> {
      if (event instanceof ProgressEvent.Step step && step.step() == 26) {
        stop.cancel();
      }
    };
    assertThrows(
        CancelledException.class,
        () -> new DreamBooth(settings)
            .train(base, trainingSet().stateFile(state), new Run(late, stop)));
    try (TensorScope scope = TensorScope.open();
        TrainedModel resumed =
            new DreamBooth(settings).train(base, trainingSet().stateFile(state), Run.silent());
        TrainedModel whole = new DreamBooth(settings).train(base, trainingSet(), Run.silent())) {
      whole
          .weights()
          .forEach((name, tensor) -> assertTrue(tensor.equal(resumed.weights().get(name)), name));
    }
  }
}
