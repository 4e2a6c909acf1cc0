package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectCommandTest {
  @TempDir
  private Path folder;

  @Test
  void describesAFolder() throws IOException {
    Map<String, Object> found = inspect(0, TinyBase.in(folder));
    assertEquals("base", found.get("kind"));
    assertEquals("sd1", found.get("family"));
    assertEquals("diffusers", found.get("format"));
    assertEquals(Map.of("F32", found.get("parameters")), found.get("dtypes"));
    assertEquals("PNDMScheduler", found.get("scheduler"));
    assertEquals(List.of(), found.get("problems"));
  }

  @Test
  void countsParametersOfOpenedComponents() throws IOException {
    Path base = TinyBase.in(folder);
    Map<String, Object> found = inspect(0, base);
    Files.copy(
        base.resolve("unet/diffusion_pytorch_model.safetensors"),
        base.resolve("unet/diffusion_pytorch_model.non_ema.safetensors"));
    assertEquals(found, inspect(0, base));
  }

  @ParameterizedTest
  @CsvSource({
    "base,text-to-image",
    "eight-latents,text-to-image",
    "inpainting,inpainting",
    "v-prediction,text-to-image"
  })
  void findsTheVariantByTheLatentChannels(String folderName, String variant) throws IOException {
    Path base =
        GoldenFolder.write(folderName, GoldenFolder.KeyFormat.CURRENT, folder).path();
    assertEquals(variant, inspect(0, base).get("variant"));
  }

  /** Face embeddings and a profile are biometric data, which do not belong on a terminal. */
  @Test
  void countsBiometricDataInsteadOfPrintingThem() throws IOException {
    Path file = folder.resolve("ada.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file,
          Map.of("lora_unet_x.lora_down.weight", torch.ones(2, 768)),
          Map.of(
              "likeness.faces", "{\"embedder\":\"sface\",\"vectors\":[\"AAAAQEA\",\"AAAAQEB\"]}",
              "likeness.faces.guide", "{\"embedder\":\"x\",\"vectors\":[\"AAAAQEC\"]}",
              "likeness.profile", "[{\"slot\":\"hair\",\"value\":\"auburn\"}]",
              "likeness.measures", "[[0.25,0.125,1.5],[0.26,0.13,1.4],[0.2,0.1,1.3]]",
              "likeness.profile.old", "auburn",
              "other", "kept"));
    }
    String text = CommandResult.of("inspect", file.toString()).out();
    String json = CommandResult.of("inspect", file.toString(), "--json").out();
    for (String shown : List.of(text, json)) {
      assertFalse(shown.contains("AAAAQE"), shown);
      assertFalse(shown.contains("auburn"), shown);
      assertFalse(shown.contains("0.125"), shown);
      for (String count : List.of(
          "2 face embeddings, not shown",
          "1 face embeddings, not shown",
          "1 traits of the person, not shown",
          "3 measures of faces, not shown",
          "unreadable traits of the person, not shown",
          "kept")) {
        assertTrue(shown.contains(count), shown);
      }
    }
  }

  @Test
  void namesACheckpointOfAveragedWeightsAlone() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    Path averaged = folder.resolve("averaged.safetensors");
    CheckpointConverter.convert(TinyBase.in(folder), whole);
    try (TensorScope scope = TensorScope.open();
        Safetensors all = Safetensors.open(whole);
        RenamedSource renamed = RenamedSource.of(
            all,
            name -> name.startsWith("model.diffusion_model.")
                ? "model_ema." + name.substring("model.".length()).replace(".", "")
                : name)) {
      SafetensorsWriter.write(averaged, renamed, all.metadata());
    }
    Map<String, Object> found = inspect(0, averaged);
    assertEquals("averaged (EMA): the file has no others", found.get("weights"));
    Map<String, Object> expected = new LinkedHashMap<>(inspect(0, whole));
    found.remove("weights");
    found.remove("path");
    expected.remove("path");
    assertEquals(expected, found);
  }

  @Test
  void distinguishesFilesByTheirTensors() throws IOException {
    assertKind(
        "lora",
        "sd1",
        Map.of(
            "unet.down_blocks.0.attn2.to_k.lora_A.weight",
            new long[] {4, 768},
            "unet.down_blocks.0.attn2.to_k.lora_B.weight",
            new long[] {320, 4}));
    assertKind(
        "lora",
        "sdxl",
        Map.of("lora_unet_input_blocks_4_1_attn2_to_k.lora_down.weight", new long[] {8, 2048}));
    assertKind(
        "lora",
        "sd2",
        Map.of("unet.down_blocks.0.attn2.processor.to_k_lora.down.weight", new long[] {4, 1024}));
    assertKind(
        "lora", "sd1", Map.of("lora_unet_down_blocks_0_attn2_to_k.hada_w1_b", new long[] {4, 768}));
    assertKind(
        "lora",
        "sd3",
        Map.of("transformer.transformer_blocks.0.attn.add_q_proj.lora_A.weight", new long[] {4, 1536
        }));
    assertKind(
        "lora",
        "sd3",
        Map.of("lora_unet_joint_blocks_0_x_block_attn_qkv.lora_down.weight", new long[] {4, 1536}));
    assertKind(
        "lora",
        "flux",
        Map.of(
            "transformer.single_transformer_blocks.0.proj_mlp.lora_B.weight", new long[] {9, 4}));
    String projection = "encoder_hid_proj.image_projection_layers.0.";
    String attention = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.";
    assertKind(
        "ip-adapter",
        "sdxl",
        Map.of(
            projection + "image_embeds.weight",
            new long[] {8192, 8},
            projection + "image_embeds.bias",
            new long[] {8192},
            projection + "norm.weight",
            new long[] {2048},
            projection + "norm.bias",
            new long[] {2048},
            attention + "to_k_ip.0.weight",
            new long[] {16, 2048},
            attention + "to_v_ip.0.weight",
            new long[] {16, 2048}));
    assertKind(
        "ip-adapter",
        "sd1",
        Map.of(
            "image_proj.proj.weight",
            new long[] {3072, 1024},
            "image_proj.proj.bias",
            new long[] {3072},
            "image_proj.norm.weight",
            new long[] {768},
            "image_proj.norm.bias",
            new long[] {768},
            "ip_adapter.1.to_k_ip.weight",
            new long[] {320, 768},
            "ip_adapter.1.to_v_ip.weight",
            new long[] {320, 768}));
    assertKind("textual-inversion", "sd1", Map.of("emb_params", new long[] {2, 768}));
    assertKind("textual-inversion", "sd1", Map.of("string_to_param.*", new long[] {2, 768}));
    assertKind("textual-inversion", "sdxl-refiner", Map.of("sks", new long[] {1280}));
    assertKind("vae", "unknown", Map.of("decoder.conv_in.weight", new long[] {4, 4, 3, 3}));
    assertKind(
        "base",
        "sd2",
        Map.of(
            "model.diffusion_model.input_blocks.2.1.attn2.to_k.weight",
            new long[] {320, 1024},
            "first_stage_model.decoder.conv_in.weight",
            new long[] {4, 4, 3, 3}));
    assertKind("unknown", "unknown", Map.of("something", new long[] {1}));
  }

  @Test
  void countsTheRankOfALora() throws IOException {
    Path file = write(Map.of("unet.down_blocks.0.attn2.to_k.lora_A.weight", new long[] {4, 768}));
    assertEquals(4, inspect(0, file).get("rank"));
    assertEquals(3072, inspect(0, file).get("parameters"));
  }

  @Test
  void listsProblemsAndEndsWithThree() throws IOException {
    Path file = write(Map.of("something", new long[] {100}));
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 100));
    Map<String, Object> found = inspect(3, file);
    assertEquals("unknown", found.get("kind"));
    assertEquals(1, ((List<?>) found.get("problems")).size());
    assertTrue(found.get("problems").toString().contains(file.toString()));
  }

  @Test
  void saysWhyADamagedPickleIsNotRead() throws IOException {
    Path file = Files.write(folder.resolve("old.ckpt"), new byte[] {'P', 'K', 3, 4, 0});
    assertEquals(
        List.of(file + " has no zip directory at its end; the file was cut short: download it"
            + " again"),
        inspect(3, file).get("problems"));
  }

  @Test
  void describesASingleFileAndConvertsItBack() throws IOException {
    Path base = TinyBase.in(folder);
    Path single = folder.resolve("single.safetensors");
    assertEquals(
        0, CommandResult.of("convert", base.toString(), single.toString()).status());
    Map<String, Object> found = inspect(0, single);
    assertEquals(
        List.of("base", "sd1", "single-file"),
        List.of(found.get("kind"), found.get("family"), found.get("format")));
    assertEquals(inspect(0, base).get("components"), found.get("components"));
    assertEquals("text-to-image", found.get("variant"));
    assertEquals("epsilon", found.get("prediction"));
    assertEquals(List.of(), found.get("missing"));
    assertEquals(Map.of(), found.get("extra"));
    Path half = folder.resolve("half");
    assertEquals(
        0,
        CommandResult.of("convert", single.toString(), "--to", half.toString(), "--dtype", "f16")
            .status());
    assertEquals(Map.of("F16", found.get("parameters")), inspect(0, half).get("dtypes"));
    CommandResult again = CommandResult.of("convert", single.toString(), half.toString());
    assertEquals(2, again.status());
    assertEquals(
        List.of("OUT " + half + " already contains files, and no folder is replaced; give a folder"
            + " that does not exist"),
        again.errorLines());
  }

  @Test
  void describesATransformerFile() throws IOException {
    Path dev = PipelineFolder.write("flux/dev", folder).path();
    Map<String, Object> whole = inspect(0, dev);
    assertEquals(List.of("flux", "flow"), List.of(whole.get("family"), whole.get("prediction")));
    Path single = write(Map.of(
        "double_blocks.0.img_attn.norm.key_norm.scale",
        new long[] {128},
        "double_blocks.0.img_attn.norm.query_norm.scale",
        new long[] {128},
        "img_in.weight",
        new long[] {256, 64},
        "txt_in.weight",
        new long[] {256, 32},
        "vector_in.in_layer.weight",
        new long[] {256, 48},
        "final_layer.linear.weight",
        new long[] {64, 256}));
    Map<String, Object> found = inspect(0, single);
    assertEquals(
        List.of("base", "flux", "flow"),
        List.of(found.get("kind"), found.get("family"), found.get("prediction")));
  }

  /** FLUX.1 and Chroma call their blocks alike; only some layers are of one of them alone. */
  @Test
  void saysOfALoraThatFitsTwoFamiliesThatItFitsBoth() throws IOException {
    Map<String, Object> open = inspect(0, lora("double_blocks_0_img_attn_proj"));
    assertEquals(List.of("lora", "flux"), List.of(open.get("kind"), open.get("family")));
    assertEquals(List.of("flux", "chroma"), open.get("families"));
    CommandResult read =
        CommandResult.of("inspect", folder.resolve("file.safetensors").toString());
    assertTrue(read.out().lines().anyMatch("family       flux or chroma"::equals), read.out());
    Map<String, Object> flux = inspect(0, lora("double_blocks_0_img_mod_lin"));
    assertEquals("flux", flux.get("family"));
    assertFalse(flux.containsKey("families"));
    Map<String, Object> chroma = inspect(0, lora("distilled_guidance_layer_layers_0_in_layer"));
    assertEquals("chroma", chroma.get("family"));
    assertFalse(chroma.containsKey("families"));
  }

  private Path lora(String layer) {
    return write(Map.of(
        "lora_unet_" + layer + ".lora_down.weight",
        new long[] {2, 64},
        "lora_unet_" + layer + ".lora_up.weight",
        new long[] {64, 2}));
  }

  @Test
  void describesAFolderWithALanguageModel() throws IOException {
    for (List<String> one :
        List.of(List.of("klein/base", "flux2"), List.of("zimage/turbo", "z-image"))) {
      Map<String, Object> found =
          inspect(0, PipelineFolder.write(one.get(0), folder).path());
      assertEquals(
          List.of("base", one.get(1), "flow"),
          List.of(found.get("kind"), found.get("family"), found.get("prediction")));
    }
  }

  @Test
  void readsForPeopleToo() {
    CommandResult run = CommandResult.of("inspect", TinyBase.in(folder).toString());
    assertTrue(run.out().lines().anyMatch("kind         base"::equals), run.out());
    CommandResult missing =
        CommandResult.of("inspect", folder.resolve("nothing").toString());
    assertEquals(3, missing.status());
    assertEquals(
        List.of(folder.resolve("nothing")
            + " does not exist; give a file of weights, an image or a diffusers folder"),
        missing.errorLines());
  }

  private void assertKind(String kind, String family, Map<String, long[]> shapes)
      throws IOException {
    Map<String, Object> found = inspect(0, write(shapes));
    assertEquals(kind + " " + family, found.get("kind") + " " + found.get("family"));
  }

  private Path write(Map<String, long[]> shapes) {
    Path file = folder.resolve("file.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      shapes.forEach((name, shape) -> tensors.put(name, torch.zeros(shape)));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    return file;
  }

  private static Map<String, Object> inspect(int status, Path path) throws IOException {
    CommandResult run = CommandResult.of("inspect", "--json", path.toString());
    assertEquals(status, run.status(), run.err());
    return JSON.std.mapFrom(run.out());
  }
}
