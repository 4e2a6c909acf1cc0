package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.BaseModels;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GgufWriter;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.GradientCheckpointing;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.lora.training.ValidationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Trainings whose frozen base is in 8 bits, in GGUF, or streamed from its file. */
@ExtendWith(NoTensorLeaks.class)
class CompressedBaseTest {
  private static final MemoryBudget EIGHT_BITS =
      MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS);
  private static final List<String> PROMPTS =
      List.of("selfie of sks woman", "a sks woman", "photo of a woman");
  // The same weights: sums of f32 in another order.
  private static final double TOLERANCE = 1e-5;

  @TempDir
  private Path parent;

  private static TrainingSettings settings(BaseModel base, AdapterAlgorithm algorithm) {
    return TrainingSettings.balanced()
        .forBase(base)
        .rank(2)
        .trainTextEncoder(false)
        .algorithm(algorithm);
  }

  /** The loss of a batch with a class image, and all gradients in one, in the order of names. */
  private record Step(double loss, Tensor gradient) {
    static Step of(BaseModel base, AdapterAlgorithm algorithm, boolean checkpointing) {
      TrainingSettings settings = settings(base, algorithm);
      OpenModel model = EngineAccess.model(base);
      TrainingTarget target = TrainingTarget.of(model);
      try (TensorScope scope = TensorScope.open();
          TensorRegion region = new TensorRegion();
          AdamW optimizer = AdamW.standard();
          CustomGradients custom = CustomGradients.open();
          GradientCheckpointing segments = new GradientCheckpointing();
          TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base)) {
        start(factors);
        CaptionEncodings texts = CaptionEncodings.encode(target, PROMPTS, factors, region);
        TrainingStep step = new TrainingStep(
            target, factors, optimizer, TrainingObjective.of(model, settings), texts);
        Tensor loss =
            step.loss(batch(model, settings), 0.7, checkpointing ? segments : SegmentRunner.PLAIN);
        if (checkpointing) {
          segments.backward(loss);
        } else {
          loss.backward();
        }
        TensorVector all = new TensorVector();
        new TreeMap<>(factors.weights().leaves())
            .values()
            .forEach(leaf -> all.push_back(leaf.grad().flatten()));
        return new Step(loss.item_double(), scope.promote(torch.cat(all, 0)));
      }
    }

    /** Second factors begin at zero; small numbers let gradients reach all. */
    private static void start(TrainableAdapter factors) {
      try (NoGradGuard guard = new NoGradGuard();
          NoiseSource random = NoiseSource.seeded(17)) {
        new TreeMap<>(factors.weights().leaves())
            .values()
            .forEach(leaf -> leaf.add_(
                random.next(leaf.shape()).squeeze(0).view(leaf.shape()), new Scalar(0.02)));
      }
    }

    private static TrainingStep.Batch batch(OpenModel model, TrainingSettings settings) {
      long channels = model.autoencoder().latentChannels();
      TrainingObjective objective = TrainingObjective.of(model, settings);
      try (NoiseSource random = NoiseSource.seeded(11)) {
        Tensor latents = random.next(3, channels, 4, 8).squeeze(0);
        Tensor noise = random.next(3, channels, 4, 8).squeeze(0);
        double[] levels = {
          objective.sampleLevel(0.2), objective.sampleLevel(0.5), objective.sampleLevel(0.9)
        };
        return new TrainingStep.Batch(latents, noise, noise, levels, new int[] {0, 1, 2}, 2, null);
      }
    }
  }

  private static void compare(Step expected, Step actual, String what) {
    assertEquals(expected.loss, actual.loss, TOLERANCE * expected.loss, what);
    double length = expected.gradient.norm().item_double();
    double wrong = expected.gradient.sub(actual.gradient).norm().item_double();
    assertTrue(length > 0 && wrong <= TOLERANCE * length, what + " differs by " + wrong / length);
  }

  /** Writes the values that a compressed base computes with into a copy of its folder. */
  private Path decompressed(BaseModel base, Path folder, ModelComponent component)
      throws IOException {
    Path copy = parent.resolve("decompressed");
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Path to = copy.resolve(folder.relativize(file).toString());
        Files.createDirectories(to.getParent());
        Files.copy(file, to);
      }
    }
    LoadedWeights weights = EngineAccess.model(base).weights(component);
    Path file;
    try (Stream<Path> all = Files.list(copy.resolve(component.folder()))) {
      file = all.filter(each -> each.toString().endsWith(".safetensors"))
          .findFirst()
          .orElseThrow();
    }
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> values = new LinkedHashMap<>();
      for (String name : weights.names()) {
        long[] shape = weights.shape(name);
        values.put(
            name,
            shape.length > 1
                ? weights.unpackedMatrix(name, shape).tensor()
                : weights.get(name, shape));
      }
      SafetensorsWriter.write(file, values, Map.of("format", "pt"));
    }
    return copy;
  }

  @ParameterizedTest
  @CsvSource({
    "klein/base, TRANSFORMER, LORA",
    "zimage/turbo, TRANSFORMER, DORA",
    "flux/dev, TRANSFORMER, LOKR",
    "sd3/medium, TRANSFORMER, LORA",
    "chroma/base, TRANSFORMER, LORA",
    "sd1/base, UNET, LORA",
    "sd1/base, UNET, DORA"
  })
  void trainsOnABaseInEightBits(
      String variant, ModelComponent component, AdapterAlgorithm algorithm) throws IOException {
    Path folder = PipelineFolder.any(variant, parent);
    try (TensorScope scope = TensorScope.open();
        BaseModel small = BaseModel.open(ModelFiles.of(folder), Compute.EXACT, EIGHT_BITS);
        BaseModel exact = BaseModel.open(folder, Compute.EXACT);
        BaseModel same = BaseModel.open(decompressed(small, folder, component), Compute.EXACT)) {
      Step expected = Step.of(same, algorithm, false);
      compare(expected, Step.of(small, algorithm, false), "in 8 bits");
      compare(expected, Step.of(small, algorithm, true), "in 8 bits with recomputation");
      double distance =
          Math.abs(Step.of(exact, algorithm, false).loss - expected.loss) / expected.loss;
      assertTrue(distance > 1e-9 && distance < 0.02, "8 bits change the loss by " + distance);
    }
  }

  @ParameterizedTest
  @CsvSource({"klein/base, LORA", "zimage/turbo, LOKR"})
  void trainsOnGguf(String variant, AdapterAlgorithm algorithm) throws IOException {
    Path folder = PipelineFolder.write(variant, parent).path();
    try (TensorScope scope = TensorScope.open();
        BaseModel small =
            BaseModel.open(ModelFiles.of(folder).with("transformer", gguf(folder)), Compute.EXACT);
        BaseModel same = BaseModel.open(
            decompressed(small, folder, ModelComponent.TRANSFORMER), Compute.EXACT)) {
      long read = new LoraTrainer(settings(small, algorithm)).memory(small).weights();
      long whole = new LoraTrainer(settings(same, algorithm)).memory(same).weights();
      // Most weights of the tiny Z-Image have no blocks of 32.
      assertTrue(read < whole || variant.startsWith("zimage"), read + " bytes of " + whole);
      Step expected = Step.of(same, algorithm, false);
      compare(expected, Step.of(small, algorithm, false), "from GGUF");
      compare(expected, Step.of(small, algorithm, true), "from GGUF with recomputation");
    }
  }

  private Path gguf(Path folder) throws IOException {
    Path file = parent.resolve("transformer.gguf");
    try (Stream<Path> all = Files.list(folder.resolve("transformer"));
        TensorScope scope = TensorScope.open();
        Safetensors source =
            Safetensors.open(all.filter(each -> each.toString().endsWith(".safetensors"))
                .findFirst()
                .orElseThrow())) {
      GgufWriter.write(file, source);
    }
    return file;
  }

  /** Class images come from the compressed base too; the LoRA fits the base in any type. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void trainsAPersonWithPriorPreservation(boolean fromGguf) throws IOException {
    Path folder = PipelineFolder.write("klein/base", parent).path();
    ModelFiles files =
        fromGguf ? ModelFiles.of(folder).with("transformer", gguf(folder)) : ModelFiles.of(folder);
    Compute compute = Compute.EXACT.withDtype(DType.BF16);
    Path file = parent.resolve("person.safetensors");
    try (BaseModel base =
            fromGguf ? BaseModel.open(files, compute) : BaseModel.open(files, compute, EIGHT_BITS);
        BaseModel exact = BaseModel.open(folder, Compute.EXACT)) {
      TrainingSettings settings = TrainingSettings.balanced()
          .forBase(base)
          .steps(2)
          .priorPreservation(1, 1)
          .gradientCheckpointing(true);
      TrainingSet set = TrainingSet.of(List.of(image()), PersonToken.of("woman"));
      try (LoraPerson person = new LoraTrainer(settings).train(base, set)) {
        person.save(file);
      }
      try (Lora lora = Lora.open(file, exact)) {
        assertEquals(16, lora.inspection().rank());
      }
    }
  }

  /** Such deltas are as large as the weights that the base does not keep. */
  @Test
  void refusesToValidateADoraInEightBitsBeforeTheFirstStep() {
    Path folder = PipelineFolder.write("klein/base", parent).path();
    List<ProgressEvent> steps = new ArrayList<>();
    try (BaseModel base = BaseModel.open(ModelFiles.of(folder), Compute.EXACT, EIGHT_BITS)) {
      LoraTrainer trainer =
          new LoraTrainer(settings(base, AdapterAlgorithm.DORA).steps(1));
      TrainingSet set = TrainingSet.of(List.of(image()), PersonToken.of("woman"))
          .validation(new ValidationOptions(
              1, ImageRequest.of("selfie of %s").steps(1).size(16, 16), images -> 0, 0));
      assertThrows(
          ResourceLimitException.class, () -> trainer.train(base, set, Run.of(steps::add)));
      assertTrue(
          steps.stream().noneMatch(event -> event instanceof ProgressEvent.Step), steps.toString());
    }
  }

  /** A base that is streamed from its file trains as one in memory. */
  @Test
  void trainsOnAStreamedBase() {
    ModelComponents files =
        ModelOpener.open(PipelineFolder.write("klein/base", parent).path());
    List<MemoryPlan> plans =
        PlannedFiles.choices(files, Compute.EXACT, MemoryBudget.of("60GiB").size(32, 32));
    try (TensorScope scope = TensorScope.open();
        BaseModel exact = BaseModels.open(files, Compute.EXACT);
        BaseModel streamed = BaseModels.open(files, plans.get(plans.size() - 1))) {
      long read = new LoraTrainer(settings(streamed, AdapterAlgorithm.LORA))
          .memory(streamed)
          .weights();
      long whole =
          new LoraTrainer(settings(exact, AdapterAlgorithm.LORA)).memory(exact).weights();
      assertTrue(read < whole, read + " bytes of " + whole);
      Step expected = Step.of(exact, AdapterAlgorithm.LORA, false);
      compare(expected, Step.of(streamed, AdapterAlgorithm.LORA, false), "streamed");
      compare(expected, Step.of(streamed, AdapterAlgorithm.LORA, true), "with recomputation");
    }
  }

  private static RgbImage image() {
    byte[] rgb = new byte[16 * 24 * 3];
    new Random(1).nextBytes(rgb);
    return RgbImage.of(16, 24, rgb);
  }
}
