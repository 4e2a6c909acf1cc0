package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Of a repository, the files that the opener would read, and no others. */
class NeededFilesTest {
  @TempDir
  private Path cache;

  private final LocalHub server = new LocalHub();

  @AfterEach
  void stop() {
    server.close();
  }

  private void repository(String... names) {
    LocalHub.Repository repository = server.repository("ada/model");
    Stream.of(names).forEach(name -> repository.small(name, "{}"));
  }

  private void index(String components) {
    server.repository("ada/model").small("model_index.json", "{" + components + "}");
  }

  private List<String> needed(String address, WeightPrecision precision) {
    return ModelHub.open(server.settings(cache))
        .plan(HubAddress.parse(address), precision)
        .files()
        .stream()
        .map(HubFile::name)
        .toList();
  }

  private List<String> needed() {
    return needed("ada/model", WeightPrecision.AS_PUBLISHED);
  }

  private String refused(String address, WeightPrecision precision) {
    return assertThrows(InvalidInputException.class, () -> needed(address, precision))
        .getMessage();
  }

  /** The layout of stable-diffusion-v1-5 and others of its age: every format and precision. */
  private void stableDiffusion() {
    index("\"_class_name\": \"StableDiffusionPipeline\","
        + "\"feature_extractor\": [\"transformers\", \"CLIPImageProcessor\"],"
        + "\"safety_checker\": [\"stable_diffusion\", \"StableDiffusionSafetyChecker\"],"
        + "\"scheduler\": [\"diffusers\", \"PNDMScheduler\"],"
        + "\"text_encoder\": [\"transformers\", \"CLIPTextModel\"],"
        + "\"tokenizer\": [\"transformers\", \"CLIPTokenizer\"],"
        + "\"unet\": [\"diffusers\", \"UNet2DConditionModel\"],"
        + "\"vae\": [\"diffusers\", \"AutoencoderKL\"]");
    repository(
        "README.md",
        "v1-inference.yaml",
        "v1-5-pruned.ckpt",
        "v1-5-pruned.safetensors",
        "v1-5-pruned-emaonly.safetensors",
        "feature_extractor/preprocessor_config.json",
        "safety_checker/config.json",
        "safety_checker/model.safetensors",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "text_encoder/model.fp16.safetensors",
        "text_encoder/pytorch_model.bin",
        "text_encoder/flax_model.msgpack",
        "text_encoder/model.onnx",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.non_ema.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "unet/openvino_model.xml",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors");
  }

  private static final List<String> TEXTS = List.of(
      "model_index.json",
      "scheduler/scheduler_config.json",
      "text_encoder/config.json",
      "tokenizer/merges.txt",
      "tokenizer/special_tokens_map.json",
      "tokenizer/tokenizer_config.json",
      "tokenizer/vocab.json",
      "unet/config.json",
      "vae/config.json");

  private static List<String> with(String... weights) {
    return Stream.concat(TEXTS.stream(), Stream.of(weights)).sorted().toList();
  }

  @Test
  void aFolderOfEveryFormatGivesTheOneThatIsOpened() {
    stableDiffusion();
    assertEquals(
        with(
            "text_encoder/model.safetensors",
            "unet/diffusion_pytorch_model.safetensors",
            "vae/diffusion_pytorch_model.safetensors"),
        needed());
  }

  @Test
  void aPrecisionChoosesTheVariant() {
    stableDiffusion();
    assertEquals(
        with(
            "text_encoder/model.fp16.safetensors",
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/diffusion_pytorch_model.fp16.safetensors"),
        needed("ada/model", WeightPrecision.F16));
  }

  @Test
  void aVariantThatIsNotThereIsToldByTheNameOfTheRepository() {
    stableDiffusion();
    assertEquals(
        "ada/model has no files for the precision bf16, but for f16; leave the precision out for its"
            + " plain files",
        refused("ada/model", WeightPrecision.BF16));
  }

  @Test
  void aFolderWithoutSafetensorsGivesItsPickles() {
    index("\"unet\": [\"diffusers\", \"UNet2DConditionModel\"]");
    repository("unet/config.json", "unet/diffusion_pytorch_model.bin", "unet/model.onnx");
    assertEquals(
        List.of("model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.bin"),
        needed());
  }

  @Test
  void shardsComeWithTheirIndex() {
    index("\"transformer\": [\"diffusers\", \"FluxTransformer2DModel\"],"
        + "\"text_encoder_2\": [\"transformers\", \"T5EncoderModel\"],"
        + "\"tokenizer_2\": [\"transformers\", \"T5TokenizerFast\"]");
    repository(
        "flux1-dev.safetensors",
        "ae.safetensors",
        "text_encoder_2/config.json",
        "text_encoder_2/model-00001-of-00002.safetensors",
        "text_encoder_2/model-00002-of-00002.safetensors",
        "tokenizer_2/spiece.model",
        "tokenizer_2/tokenizer.json",
        "transformer/config.json",
        "transformer/diffusion_pytorch_model-00001-of-00003.safetensors",
        "transformer/diffusion_pytorch_model-00002-of-00003.safetensors",
        "transformer/diffusion_pytorch_model-00003-of-00003.safetensors",
        "transformer/diffusion_pytorch_model-00003-of-00003.bin");
    server.repository("ada/model").small("text_encoder_2/model.safetensors.index.json", """
            {"weight_map": {"a": "model-00001-of-00002.safetensors",
             "b": "model-00002-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"}}""");
    assertEquals(
        List.of(
            "model_index.json",
            "text_encoder_2/config.json",
            "text_encoder_2/model-00001-of-00002.safetensors",
            "text_encoder_2/model-00002-of-00002.safetensors",
            "text_encoder_2/model.safetensors.index.json",
            "tokenizer_2/spiece.model",
            "tokenizer_2/tokenizer.json",
            "transformer/config.json",
            "transformer/diffusion_pytorch_model-00001-of-00003.safetensors",
            "transformer/diffusion_pytorch_model-00002-of-00003.safetensors",
            "transformer/diffusion_pytorch_model-00003-of-00003.safetensors"),
        needed());
  }

  @Test
  void theFolderOfOneNetworkGivesItsWeights() {
    repository(
        "config.json",
        "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.bin",
        "diffusion_pytorch_model.fp16.safetensors",
        "images/a.png");
    assertEquals(List.of("config.json", "diffusion_pytorch_model.safetensors"), needed());
    assertEquals(
        List.of("config.json", "diffusion_pytorch_model.fp16.safetensors"),
        needed("ada/model", WeightPrecision.F16));
  }

  @Test
  void aFolderOfARepositoryIsANetwork() {
    repository(
        "models/ip-adapter_sd15.safetensors",
        "models/image_encoder/config.json",
        "models/image_encoder/model.safetensors",
        "models/image_encoder/pytorch_model.bin",
        "sdxl_models/image_encoder/config.json",
        "sdxl_models/image_encoder/model.safetensors");
    assertEquals(
        List.of("models/image_encoder/config.json", "models/image_encoder/model.safetensors"),
        needed("ada/model:models/image_encoder", WeightPrecision.AS_PUBLISHED));
    ModelHub hub = ModelHub.open(server.settings(cache));
    Path folder = hub.get("ada/model:models/image_encoder");
    assertTrue(Files.exists(folder.resolve("model.safetensors")));
    assertEquals(
        folder,
        ModelHub.open(server.settings(cache).offline(true)).get("ada/model:models/image_encoder"));
  }

  @Test
  void aSingleFileIsTheModel() {
    repository("README.md", "base.safetensors", "base.ckpt", "config.yaml");
    assertEquals(List.of("base.safetensors"), needed());
  }

  @Test
  void aPickleAloneIsTheModel() {
    repository("README.md", "base.ckpt");
    assertEquals(List.of("base.ckpt"), needed());
  }

  @Test
  void ofSeveralFilesTheCallerChooses() {
    repository("ip-adapter_sd15.safetensors", "ip-adapter-plus_sd15.safetensors");
    assertEquals(
        "ada/model has 2 files of weights and is no diffusers folder; give one of them:"
            + " ada/model:ip-adapter-plus_sd15.safetensors, ada/model:ip-adapter_sd15.safetensors",
        refused("ada/model", WeightPrecision.AS_PUBLISHED));
    assertEquals(
        List.of("ip-adapter_sd15.safetensors"),
        needed("ada/model:ip-adapter_sd15", WeightPrecision.AS_PUBLISHED));
    assertEquals(
        List.of("ip-adapter-plus_sd15.safetensors"),
        needed("ada/model:plus", WeightPrecision.AS_PUBLISHED));
    assertEquals(
        "ada/model has 2 files whose names contain \"ip-\"; give one of them:"
            + " ada/model:ip-adapter-plus_sd15.safetensors, ada/model:ip-adapter_sd15.safetensors",
        refused("ada/model:ip-", WeightPrecision.AS_PUBLISHED));
  }

  @ParameterizedTest
  @CsvSource({
    "Q4_K, flux-Q4_K.gguf",
    "q4_k_m, flux-Q4_K_M.gguf",
    "Q8_0, flux-Q8_0.gguf",
    "Q6, flux-Q6_K.gguf",
    "flux-Q4_K_S.gguf, flux-Q4_K_S.gguf"
  })
  void aQuantisationIsChosenByItsName(String choice, String file) {
    repository(
        "flux-Q4_K.gguf",
        "flux-Q4_K_M.gguf",
        "flux-Q4_K_S.gguf",
        "flux-Q6_K.gguf",
        "flux-Q8_0.gguf");
    assertEquals(List.of(file), needed("ada/model:" + choice, WeightPrecision.AS_PUBLISHED));
  }

  @ParameterizedTest
  @CsvSource({
    "F16, base-fp16.safetensors",
    "BF16, base_bf16.safetensors",
    "EIGHT_BIT, base-fp8_e4m3fn.safetensors",
    "GGUF, base.gguf"
  })
  void aPrecisionChoosesOfSingleFiles(WeightPrecision precision, String file) {
    repository(
        "base-fp16.safetensors",
        "base_bf16.safetensors",
        "base-fp8_e4m3fn.safetensors",
        "base.gguf");
    assertEquals(List.of(file), needed("ada/model", precision));
  }

  @Test
  void aRepositoryWithoutWeightsIsTold() {
    repository("README.md", "flax_model.msgpack", "model.onnx");
    assertEquals(
        "ada/model has no weights that can be opened; expected a diffusers folder, or a"
            + " safetensors, GGUF or ckpt file",
        refused("ada/model", WeightPrecision.AS_PUBLISHED));
    assertTrue(refused("ada/model", WeightPrecision.GGUF).contains(" in the precision gguf;"));
  }

  @Test
  void aFolderWithoutTheWeightsOfAComponentIsTold() {
    index("\"unet\": [\"diffusers\", \"UNet2DConditionModel\"]");
    repository("unet/config.json");
    assertEquals(
        "ada/model/unet has no weights; expected diffusion_pytorch_model.safetensors or"
            + " model.safetensors",
        refused("ada/model", WeightPrecision.AS_PUBLISHED));
  }
}
