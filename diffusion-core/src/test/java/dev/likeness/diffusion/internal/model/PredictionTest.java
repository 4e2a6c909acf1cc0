package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetKeyFormat;
import dev.likeness.diffusion.internal.file.ListedTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How single files predict, where nothing beside them says so. */
@ExtendWith(NoTensorLeaks.class)
class PredictionTest {
  private static final String UNET = "model.diffusion_model.";
  private static final String INDICATOR_WEIGHT =
      UNET + "output_blocks.11.1.transformer_blocks.0.norm1.bias";
  private static final int WIDTH = 64;

  @TempDir
  private Path folder;

  @Test
  void infersThePredictionOfSd2FromAWeightWhereTheFileDoesNotDeclareIt() {
    assertDetected("epsilon", 64, true, written(0.089f, Map.of()));
    assertDetected("v_prediction", 96, true, written(0.091f, Map.of()));
  }

  @Test
  void declaredPredictionComesFirst() {
    assertDetected(
        "v_prediction", 96, false, written(0.089f, Map.of("modelspec.prediction_type", "v")));
    assertDetected(
        "epsilon", 64, false, written(0.091f, Map.of("modelspec.prediction_type", "epsilon")));
    assertDetected("v_prediction", 96, false, written(0.089f, Map.of(), "v_pred"));
  }

  @Test
  void samplingStartsAtTheStepWithoutSignalWhereThereIsOne() {
    assertTrue(signalAtStart(written(0, Map.of(), "v_pred")) > 0.05);
    assertEquals(0, signalAtStart(written(0, Map.of(), "v_pred", "ztsnr")));
    assertEquals(
        "trailing",
        written(0, Map.of(), "v_pred", "ztsnr").scheduler().values().get("timestep_spacing"));
  }

  @Test
  void aNetworkBringsTheSchedulerThatItsFileDeclares() {
    Path base =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder).path();
    Object own = ModelOpener.open(base).scheduler().values();
    written(0, Map.of());
    assertEquals(
        own,
        ModelOpener.open(base)
            .with("unet", folder.resolve("sd2.safetensors"))
            .scheduler()
            .values());
    Object said = written(0, Map.of(), "v_pred", "ztsnr").scheduler().values();
    assertEquals(
        said,
        ModelOpener.open(base)
            .with("unet", folder.resolve("sd2.safetensors"))
            .scheduler()
            .values());
  }

  private static double signalAtStart(SingleFile file) {
    return SchedulerFile.read(file.scheduler()).plan(20).start().signal();
  }

  private static void assertDetected(String type, int size, boolean weighed, SingleFile file) {
    assertEquals(type, file.scheduler().values().get("prediction_type"));
    assertEquals(size, file.config("unet").values().get("sample_size"));
    assertEquals(weighed, file.infersPrediction());
    assertEquals(!weighed, file.declaresPrediction());
  }

  /** A narrow UNet of SD 2.x, the telling weight's numbers so far from their mean on both sides. */
  private SingleFile written(float spread, Map<String, String> metadata, String... marks) {
    UNetConfig config = UNetConfig.of(ModelConfig.of(
        Map.of(
            "in_channels",
            4,
            "out_channels",
            4,
            "layers_per_block",
            2,
            "block_out_channels",
            List.of(WIDTH, WIDTH, WIDTH, WIDTH),
            "attention_head_dim",
            1,
            "cross_attention_dim",
            1024,
            "use_linear_projection",
            true),
        "test"));
    Map<String, long[]> shapes = new LinkedHashMap<>();
    ListedTensors.of(config).addTo(shapes, UNetKeyFormat.of(config).withPrefix(UNET));
    Path file = folder.resolve("sd2.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      shapes.forEach((name, shape) ->
          tensors.put(name, torch.zeros(shape, new TensorOptions(ScalarType.Half))));
      float[] numbers = new float[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        numbers[i] = 0.5f + (i % 2 == 0 ? spread : -spread);
      }
      tensors.put(INDICATOR_WEIGHT, torch.tensor(numbers));
      List.of(marks).forEach(mark -> tensors.put(mark, torch.zeros(1)));
      SafetensorsWriter.write(file, tensors, metadata);
    }
    return SingleFile.open(file);
  }
}
