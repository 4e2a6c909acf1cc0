package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.Lora;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DreamBooth with prior preservation and a training adapter, which the result leaves out. */
@ExtendWith(NoTensorLeaks.class)
class TrainingAdapterTest {
  private static final double PRIOR_WEIGHT = 0.7;
  private static final List<String> PROMPTS =
      List.of("selfie of sks woman", "a sks woman", "photo of a woman");

  @TempDir
  private Path parent;

  /** Writes a LoRA of all attention layers with seeded factors; its scale is 1. */
  private Path adapter(BaseModel base) {
    Path file = parent.resolve("adapter.safetensors");
    TrainingSettings settings = TrainingSettings.balanced().forBase(base).rank(2);
    try (TensorScope scope = TensorScope.open();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base)) {
      Map<String, long[]> shapes = new LinkedHashMap<>();
      factors.weights().leaves().forEach((name, leaf) -> shapes.put(name, leaf.shape()));
      SafetensorsWriter.write(file, SeededWeights.of(shapes, 2310), Map.of());
    }
    return file;
  }

  private static TrainingStep.Batch batch(OpenModel model, long size) {
    long channels = model.autoencoder().latentChannels();
    try (NoiseSource random = NoiseSource.seeded(11)) {
      Tensor latents = random.next(3, channels, size, 2 * size).squeeze(0);
      Tensor noise = random.next(3, channels, size, 2 * size).squeeze(0);
      return new TrainingStep.Batch(
          latents, noise, noise, new double[] {0.2, 0.5, 0.9}, new int[] {0, 1, 2}, 2, null);
    }
  }

  private static TrainingStep step(
      OpenModel model, TrainableFullWeights weights, AdamW optimizer, TensorRegion region) {
    TrainingTarget target = TrainingTarget.of(model);
    CaptionEncodings texts = CaptionEncodings.encode(target, PROMPTS, weights, region);
    TrainingObjective objective =
        TrainingObjective.of(model, DreamBooth.defaults().settings());
    return new TrainingStep(target, weights, optimizer, objective, texts);
  }

  /**
   * The loss is mean((v - (noise - x))²) over the person's images plus the weight times the same
   * over class images, with v of the base plus B A; its gradient is that of the sum.
   */
  @ParameterizedTest
  @ValueSource(strings = {"klein/distilled", "zimage/turbo"})
  void trainsTheSumOfWeightAndAdapter(String variant) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        AdamW optimizer = AdamW.standard();
        Lora added = Lora.open(adapter(base), base);
        Safetensors factors = Safetensors.open(parent.resolve("adapter.safetensors"))) {
      OpenModel model = EngineAccess.model(base);
      TrainingStep.Batch batch = batch(model, 4);
      try (TrainableFullWeights apart = new TrainableFullWeights(
              model, false, ScalarType.Float, ModelAdapter.of(added.at(1)));
          TrainableFullWeights merged = new TrainableFullWeights(model, false, ScalarType.Float)) {
        merge(factors, merged.weights().leaves());
        TrainingStep learning = step(model, merged, optimizer, region);
        Tensor expected = learning.loss(batch, PRIOR_WEIGHT, SegmentRunner.PLAIN);
        Tensor actual =
            step(model, apart, optimizer, region).loss(batch, PRIOR_WEIGHT, SegmentRunner.PLAIN);
        double formula = formula(model, merged, batch, region);
        assertEquals(formula, expected.item_double(), 1e-5 * formula);
        assertEquals(formula, actual.item_double(), 1e-5 * formula);
        expected.backward();
        actual.backward();
        compareGradients(merged.weights().leaves(), apart.weights().leaves());
      }
    }
  }

  /** Adds the product of the factors to the weight of each layer. */
  private static void merge(Safetensors factors, Map<String, Tensor> leaves) {
    try (NoGradGuard guard = new NoGradGuard()) {
      factors.names().stream().filter(name -> name.endsWith(".lora_A.weight")).forEach(name -> {
        String layer = name.substring(0, name.length() - ".lora_A.weight".length());
        Tensor delta = factors.read(layer + ".lora_B.weight").matmul(factors.read(name));
        leaves.get(layer + ".weight").add_(delta);
      });
    }
  }

  private static double formula(
      OpenModel model,
      TrainableFullWeights weights,
      TrainingStep.Batch batch,
      TensorRegion region) {
    TrainingTarget target = TrainingTarget.of(model);
    CaptionEncodings texts = CaptionEncodings.encode(target, PROMPTS, weights, region);
    Tensor noised = batch.latents().clone();
    for (int i = 0; i < batch.levels().length; i++) {
      double sigma = batch.levels()[i];
      noised
          .select(0, i)
          .mul_(new Scalar(1 - sigma))
          .add_(batch.noise().select(0, i), new Scalar(sigma));
    }
    Tensor flow = target.predict(
        weights, noised, batch.levels(), texts.encode(batch.captions()), SegmentRunner.PLAIN);
    Tensor wrong = flow.detach().sub(batch.noise().sub(batch.latents())).square();
    return wrong.narrow(0, 0, 2).mean().item_double()
        + PRIOR_WEIGHT * wrong.narrow(0, 2, 1).mean().item_double();
  }

  private static void compareGradients(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    double wrong = 0;
    double whole = 0;
    for (Map.Entry<String, Tensor> leaf : expected.entrySet()) {
      Tensor gradient = leaf.getValue().grad();
      Tensor other = actual.get(leaf.getKey()).grad();
      assertEquals(gradient.defined(), other.defined(), leaf.getKey());
      if (gradient.defined()) {
        wrong += Math.pow(gradient.sub(other).norm().item_double(), 2);
        whole += Math.pow(gradient.norm().item_double(), 2);
      }
    }
    assertTrue(whole > 0 && Math.sqrt(wrong / whole) < 1e-5, "differ by " + wrong / whole);
  }

  /** With a tiny learning rate the result is the base: neither trained nor merged. */
  @ParameterizedTest
  @ValueSource(strings = {"klein/distilled", "zimage/turbo"})
  void leavesTheAdapterOutOfTheModel(String variant) {
    Path folder = PipelineFolder.write(variant, parent).path();
    Path out = parent.resolve("out");
    DreamBooth tiny = DreamBooth.defaults()
        .withSettings(DreamBooth.defaults()
            .settings()
            .steps(1)
            .learningRate(1e-12)
            .priorPreservation(1, PRIOR_WEIGHT));
    TrainingSet set = TrainingSet.of(List.of(image()), PersonToken.of("woman"));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      if (variant.startsWith("klein")) {
        assertThrows(IllegalArgumentException.class, () -> tiny.train(base, set));
      }
      try (TrainedModel trained = tiny.train(base, set.trainingAdapter(adapter(base)))) {
        trained.save(folder, out, DType.F32);
      }
      OpenModel model = EngineAccess.model(base);
      try (TensorScope scope = TensorScope.open();
          BaseModel again = BaseModel.open(out, Compute.EXACT)) {
        for (String name : model.tensorNames(ModelComponent.TRANSFORMER)) {
          Tensor own = model.tensor(ModelComponent.TRANSFORMER, name);
          Tensor saved = EngineAccess.model(again).tensor(ModelComponent.TRANSFORMER, name);
          double change = saved.sub(own).abs().max().item_double();
          assertTrue(change <= 1e-9, name + " changed by " + change);
        }
      }
    }
  }

  private static RgbImage image() {
    byte[] rgb = new byte[16 * 24 * 3];
    new Random(1).nextBytes(rgb);
    return RgbImage.of(16, 24, rgb);
  }
}
