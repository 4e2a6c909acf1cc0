package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.GradientCheckpointing;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.RealLoraTest;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SDXL, whose two text encoders are trained too: {@code tools/goldens/training_sdxl.py}. */
@ExtendWith(NoTensorLeaks.class)
public class SdxlTrainingTest {
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .rank(2)
      .alpha(2)
      .targets(LoraTargets.ATTENTION)
      .trainTextEncoder(true)
      .steps(3)
      .batchSize(2)
      .learningRate(1e-3)
      .warmupSteps(0)
      .minSnrGamma(0)
      .weightDecay(0.01)
      .maxGradNorm(1)
      .randomFlip(false)
      .priorPreservation(0, 1)
      .captions("%s")
      .seed(0);

  @TempDir
  private Path parent;

  @Test
  void makesTheStepsOfPeft() {
    Path folder =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter factors = TrainableAdapter.of(SETTINGS, PersonToken.of("woman"), base);
        AdamW optimizer = AdamW.standard();
        Safetensors golden = Safetensors.open(GoldenLora.file("../training/sdxl"))) {
      PeftSteps steps = new PeftSteps(golden, golden);
      steps.start(factors);
      List<String> prompts = ((List<?>) GoldenLora.record("../training/sdxl").get("prompts"))
          .stream().map(String.class::cast).toList();
      TrainingStep learning = new TrainingStep(
          TrainingTarget.of(EngineAccess.model(base)),
          factors,
          optimizer,
          TrainingObjective.of(EngineAccess.model(base), SETTINGS),
          CaptionEncodings.encode(
              TrainingTarget.of(EngineAccess.model(base)), prompts, factors, region));
      compareGradients(learning, factors, golden, false);
      compareGradients(learning, factors, golden, true);
      steps.compareLosses(learning, SETTINGS);
      compareWeights(factors, golden);
    }
  }

  // Some layers' gradients are ten thousand times smaller than others', and carry the rounding of
  // these.
  private static void compareGradients(
      TrainingStep learning, TrainableAdapter factors, Safetensors golden, boolean recompute) {
    try (TensorScope scope = TensorScope.open();
        GradientCheckpointing twice = new GradientCheckpointing()) {
      double all = golden.names().stream()
          .filter(name -> name.startsWith("gradient."))
          .mapToDouble(name -> golden.read(name).norm().item_double())
          .max()
          .orElseThrow();
      if (recompute) {
        twice.backward(learning.loss(PeftSteps.batch(golden, 0), 0, twice));
      } else {
        learning.loss(PeftSteps.batch(golden, 0), 0, SegmentRunner.PLAIN).backward();
      }
      factors.weights().leaves().forEach((name, leaf) -> {
        boolean reached = golden.names().contains("gradient." + name);
        assertEquals(reached, leaf.grad().defined(), name);
        if (reached) {
          Tensor expected = golden.read("gradient." + name);
          double difference = expected.sub(leaf.grad().detach()).norm().item_double();
          assertTrue(
              difference <= 1e-4 * expected.norm().item_double() + 1e-6 * all,
              name + " by " + difference);
          leaf.grad().zero_();
        }
      });
    }
  }

  private static void compareWeights(TrainableAdapter factors, Safetensors golden) {
    double wrong = 0;
    double whole = 0;
    for (Map.Entry<String, Tensor> leaf : factors.weights().leaves().entrySet()) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor after = golden.read("after." + leaf.getKey());
        double difference = after.sub(leaf.getValue().detach()).norm().item_double();
        wrong += difference * difference;
        whole += Math.pow(after.norm().item_double(), 2);
      }
    }
    assertTrue(
        Math.sqrt(wrong / whole) <= 1e-4, "all weights differ by " + Math.sqrt(wrong / whole));
  }

  @Test
  void trainsAPersonAndSavesItForKohyaToo() {
    Path folder =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    RgbImage image = RgbImage.of(16, 24, new byte[16 * 24 * 3]);
    ImageRequest request = ImageRequest.of("sks woman").steps(1).guidance(1).size(16, 24);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        LoraPerson person = new LoraTrainer(SETTINGS.steps(1))
            .train(base, List.of(image), PersonToken.of("woman"), Run.silent())) {
      float[] drawn = base.generate(request.adapter(person.at(1))).pixels();
      Path file = parent.resolve("ada.safetensors");
      person.lora().save(file, KeyFormat.KOHYA);
      try (Lora again = Lora.open(file, base)) {
        assertArrayEquals(drawn, base.generate(request.adapter(again.at(1))).pixels());
        assertTrue(LoraParts.changes(again).weights().keySet().stream()
            .anyMatch(l -> l.component() == ModelComponent.TEXT_ENCODER_2));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Alien Style", "Noodles Style"})
  void matchesKohyasPublishedListsForSdxl(String name) throws IOException {
    LoraInspection report = RealLoraTest.inspectKeyList(name, published());
    assertEquals(List.of(), report.keys().unmatched());
    assertEquals(List.of(), report.keys().shapeMismatches());
    assertEquals(2958, report.keys().matched());
    assertEquals(986, report.layers());
    assertEquals("sdxl", report.family());
  }

  /** The layers of a published model. */
  public static LayerTable published() throws IOException {
    Map<ModelComponent, Map<String, long[]>> shapes = new EnumMap<>(ModelComponent.class);
    for (ModelComponent component :
        List.of(ModelComponent.UNET, ModelComponent.TEXT_ENCODER, ModelComponent.TEXT_ENCODER_2)) {
      String stem = component == ModelComponent.UNET ? "diffusion_pytorch_model" : "model";
      Path list = Material.of("keys/checkpoints/Juggernaut XL v9/" + component.folder() + "/" + stem
          + ".fp16.safetensors.json");
      Map<String, Object> named = new HashMap<>();
      JSON.std
          .mapFrom(Files.readString(list))
          .forEach((key, entry) -> named.put(key, ((Map<?, ?>) entry).get("shape")));
      shapes.put(component, GoldenFolder.shapes(named));
    }
    return LayerTable.of(FamilyRegistry.STABLE_DIFFUSION, shapes);
  }
}
