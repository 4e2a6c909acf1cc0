package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.CheckpointHeader;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetKeyFormat;
import dev.likeness.diffusion.internal.file.ListedTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Prediction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @CsvSource({
    "yaml, parameterization: v, v_prediction",
    "yaml, '    parameterization: \"v\"  # velocity', v_prediction",
    "yml, parameterization: \"eps\", epsilon",
    "yaml, parameterization: 'x0', sample"
  })
  void aConfigurationBesideTheFileTellsThePrediction(String end, String line, String type)
      throws IOException {
    Files.writeString(
        folder.resolve("sd2." + end),
        "model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n" + line + "\n");
    SingleFile file = written(0.089f, Map.of("modelspec.prediction_type", "epsilon"), "v_pred");
    assertEquals(type, file.scheduler().values().get("prediction_type"));
    assertTrue(file.declaresPrediction());
  }

  @Test
  void aConfigurationBesideTheFileMayNotLinkElsewhere() throws IOException {
    written(0, Map.of());
    Path elsewhere = Files.writeString(folder.resolve("other"), "parameterization: v");
    Files.createSymbolicLink(folder.resolve("sd2.yaml"), elsewhere);
    assertThrows(
        InvalidInputException.class, () -> SingleFile.open(folder.resolve("sd2.safetensors")));
    Files.delete(folder.resolve("sd2.yaml"));
    Files.writeString(folder.resolve("sd2.yaml"), "# parameterization: v\nno: v");
    assertEquals(
        "epsilon",
        SingleFile.open(folder.resolve("sd2.safetensors"))
            .scheduler()
            .values()
            .get("prediction_type"));
  }

  @Test
  void theUserMayReplaceThePrediction() {
    Path file = folder.resolve("sd2.safetensors");
    ModelComponents own = written(0.089f, Map.of());
    for (Prediction type : List.of(Prediction.EPSILON, Prediction.V, Prediction.SAMPLE)) {
      ModelComponents components = new ModelComponents.Predicting(own, type);
      assertEquals(type, SchedulerFile.read(components.scheduler()).prediction());
      assertEquals(
          type, SchedulerFile.read(components.with("unet", file).scheduler()).prediction());
    }
    assertThrows(
        IllegalArgumentException.class, () -> ModelFiles.of(file).prediction(Prediction.FLOW));
    Path flux = PipelineFolder.any("flux/dev", folder);
    assertThrows(
        InvalidInputException.class,
        () -> BaseModel.open(ModelFiles.of(flux).prediction(Prediction.V), Compute.EXACT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "xl-base"})
  void aConvertedFileHasTheMarksThatOtherProgramsReadThePredictionFrom(String variant)
      throws IOException {
    GoldenFolder model = GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, folder);
    Map<String, Object> scheduler =
        new HashMap<>(ModelOpener.open(model.path()).scheduler().values());
    scheduler.put("_class_name", "EulerDiscreteScheduler");
    SafetensorsHeader plain = converted(model.path(), "epsilon.safetensors");
    assertFalse(plain.names().contains("v_pred"));
    assertFalse(plain.metadata().getOrDefault("modelspec.prediction_type", "").startsWith("v"));
    scheduler.put("prediction_type", "v_prediction");
    model.schedule(scheduler);
    SafetensorsHeader v = converted(model.path(), "v.safetensors");
    assertEquals(0, v.elements("v_pred"));
    assertFalse(v.names().contains("ztsnr"));
    assertEquals("v", v.metadata().get("modelspec.prediction_type"));
    scheduler.put("rescale_betas_zero_snr", true);
    scheduler.put("timestep_spacing", "trailing");
    model.schedule(scheduler);
    SafetensorsHeader zero = converted(model.path(), "zero.safetensors");
    assertEquals(0, zero.elements("ztsnr"));
    // Another program sees the marks alone.
    Map<String, Map<String, Object>> configs = new HashMap<>();
    zero.metadata().forEach((name, json) -> {
      if (name.startsWith("likeness.config.")) {
        configs.put(name.substring("likeness.config.".length()), ModelFile.object(json, name));
      }
    });
    configs.remove("scheduler");
    Map<String, Object> found = FamilyRegistry.variant(zero)
        .contents(
            new CheckpointHeader(zero, Map.of(), name -> List.of(), Optional.empty()), configs)
        .scheduler();
    assertEquals("v_prediction", found.get("prediction_type"));
    assertEquals(true, found.get("rescale_betas_zero_snr"));
    // The marks come back to the folder, and leave it with the prediction.
    Path back = folder.resolve("back");
    CheckpointConverter.convert(folder.resolve("zero.safetensors"), back);
    assertEquals(
        Files.size(folder.resolve("zero.safetensors")),
        Files.size(convert(back, "again.safetensors")));
    scheduler.put("prediction_type", "epsilon");
    GoldenFolder.schedule(back, scheduler);
    SafetensorsHeader epsilon = converted(back, "no-longer.safetensors");
    assertFalse(epsilon.names().contains("v_pred"));
    assertEquals("epsilon", epsilon.metadata().get("modelspec.prediction_type"));
  }

  private SafetensorsHeader converted(Path model, String name) {
    return SafetensorsHeader.read(convert(model, name));
  }

  private Path convert(Path model, String name) {
    Path out = folder.resolve(name);
    CheckpointConverter.convert(model, out);
    return out;
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
