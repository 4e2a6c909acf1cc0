package dev.likeness.diffusion.internal.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetKeyFormat;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ListedTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.material.Material;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Key lists of real checkpoints, both ways: no key missing, none left over, every shape right. */
class KeyMapTest {
  private static final String CROSS_DOWN = "CrossAttnDownBlock2D";
  private static final String CROSS_UP = "CrossAttnUpBlock2D";

  @ParameterizedTest
  @ValueSource(strings = {"sd1", "sd2", "sdxl", "refiner"})
  void locatesEveryTensorWhereTheRealFilesHaveItAndNoOther(String family) throws IOException {
    Map<?, ?> list = JSON.std.mapFrom(
        Files.readAllBytes(Material.of("keys/stable_diffusion_" + family + ".json")));
    Map<String, List<String>> real = new TreeMap<>();
    stringKeys(list.get("ldm_diffusers_keymap"))
        .forEach((name, of) -> real.put(name, List.of(published((String) of))));
    stringKeys(list.get("ldm_diffusers_operator_map"))
        .forEach((name, joined) -> real.put(
            name,
            ((List<?>) ((Map<?, ?>) joined).get("cat"))
                .stream().map(of -> published((String) of)).toList()));
    Map<String, List<String>> ours = new TreeMap<>();
    parts(family)
        .forEach((component, listed) -> CanonicalTensors.foreignNames(
                listed.names(), layouts(family).get(component))
            .forEach((name, of) ->
                ours.put(name, of.stream().map(part -> component + "." + part).toList())));
    // The list leaves the projection to its own tool.
    ours.keySet().removeIf(name -> name.endsWith("text_projection") && !real.containsKey(name));
    assertEquals(real, ours);
  }

  /** The list's "te1_text_model.x" as "text_encoder_2.text_model.x". */
  private static String published(String listed) {
    String component = listed.substring(0, listed.indexOf('_'));
    return Map.of("te", "text_encoder", "te0", "text_encoder", "te1", "text_encoder_2")
            .getOrDefault(component, component)
        + "." + listed.substring(component.length() + 1);
  }

  @Test
  void takesAFileWithGuidanceEmbeddingForALatentConsistencyModel() {
    TensorNames file = new KeyList("a list", file("told"));
    assertEquals(
        "LCMScheduler",
        contents(FamilyRegistry.variant(file), file).scheduler().get("_class_name"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sd1", "told", "sd2", "sdxl", "refiner"})
  void readsBackEveryTensorItsShapeAndTheConfig(String family) {
    TensorNames file = new KeyList("a list", file(family));
    Variant found = FamilyRegistry.variant(file);
    assertEquals(
        family.equals("refiner") ? "sdxl-refiner" : family.replace("told", "sd1"), found.name());
    Map<String, ComponentDetector.Detected> components = contents(found, file).components();
    parts(family).forEach((component, listed) -> {
      CanonicalTensors read =
          new CanonicalTensors(file, components.get(component).layout());
      assertEquals(new TreeSet<>(listed.names()), new TreeSet<>(read.names()), component);
      listed.names().forEach(name -> assertArrayEquals(listed.shape(name), read.shape(name), name));
    });
    assertEquals(parts(family).keySet(), components.keySet());
    assertEquals(unet(family), UNetConfig.of(components.get("unet").config()));
    assertEquals(vae(family), AutoencoderConfig.of(components.get("vae").config()));
    for (String text : List.of("text_encoder", "text_encoder_2")) {
      if (components.containsKey(text)) {
        assertEquals(text(family, text), ClipTextConfig.of(components.get(text).config()), text);
      }
    }
  }

  /** Averaged weights have the network's names without dots. */
  @ParameterizedTest
  @ValueSource(strings = {"sd1", "told", "sd2", "sdxl", "refiner"})
  void putsTheDotsBackIntoTheNamesOfAveragedWeights(String family) {
    String prefix = "model.diffusion_model.";
    List<String> names = file(family).keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .toList();
    assertTrue(names.size() > 600, names.size() + " names");
    for (String name : names) {
      assertEquals(
          Optional.of(name), FamilyRegistry.STABLE_DIFFUSION.withDots(name.replace(".", "")));
    }
    for (String other : List.of("", "decay", "num_updates", "input_blocks", "layers0weight")) {
      assertEquals(Optional.empty(), FamilyRegistry.STABLE_DIFFUSION.withDots(other));
    }
  }

  /**
   * As stable-diffusion.cpp names them: OpenCLIP's under transformers' names, with the layer of SD
   * 2.x that is not run.
   */
  @ParameterizedTest
  @ValueSource(strings = {"sd2", "sdxl", "refiner"})
  void findsTheTextEncodersOfGgufFiles(String family) {
    Map<String, long[]> file = new LinkedHashMap<>();
    parts(family).forEach((component, listed) -> {
      boolean second = component.equals("text_encoder_2");
      listed.addTo(
          file,
          component.startsWith("text")
              ? ClipKeyFormat.outputLayout(
                  false,
                  second,
                  second && family.equals("sdxl") ? "cond_stage_model.1." : "cond_stage_model.")
              : layouts(family).get(component));
    });
    for (String name : List.copyOf(file.keySet())) {
      if (name.contains("layers.22.") && family.equals("sd2")) {
        file.put(name.replace("layers.22.", "layers.23."), file.get(name));
      }
      if (name.endsWith("text_projection.weight")) {
        file.put(
            name.replace("text_projection.weight", "text_model.text_projection"),
            file.remove(name));
      }
    }
    TensorNames keys = new KeyList("a list", file);
    Map<String, ComponentDetector.Detected> found =
        contents(FamilyRegistry.variant(keys), keys).components();
    parts(family)
        .forEach((component, listed) -> assertEquals(
            new TreeSet<>(listed.names()),
            new TreeSet<>(new CanonicalTensors(keys, found.get(component).layout()).names()),
            component));
  }

  private static Variant.Contents contents(Variant variant, TensorNames file) {
    return variant.contents(
        new CheckpointHeader(file, Map.of(), name -> List.of(-1.0, 1.0), Optional.empty()),
        Map.of());
  }

  /**
   * CLIP-L of Stable Diffusion 3 is listened to unprojected; a whole CLIP is a text encoder, too.
   */
  @Test
  void readsNothingButTheTextEncoderOfAWholeClip() {
    TensorNames whole =
        KeyList.of(Material.of("keys/checkpoints/clip-vit-large-patch14/model.safetensors.json"));
    CanonicalTensors plain =
        new CanonicalTensors(whole, ClipKeyFormat.layout(whole, "", 12, false));
    Set<String> names =
        new TreeSet<>(ListedTensors.of(text("sd1", "text_encoder")).names());
    names.add("text_projection.weight");
    assertEquals(names, new TreeSet<>(plain.names()));
    CanonicalTensors unprojected = new CanonicalTensors(
        whole, ClipKeyFormat.unprojected(ClipKeyFormat.layout(whole, "", 12, true)));
    assertEquals(names, new TreeSet<>(unprojected.names()));
    assertArrayEquals(new long[] {768, 768}, unprojected.shape("text_projection.weight"));
  }

  @Test
  void readsThePublishedFoldersOfTheListsAsTheyAre() throws IOException {
    String folder = "keys/checkpoints/Juggernaut XL v9/";
    assertListed(
        ListedTensors.of(UNetConfig.of(config(folder + "unet"))),
        folder + "unet/diffusion_pytorch_model.fp16.safetensors.json");
    assertListed(
        ListedTensors.of(AutoencoderConfig.of(config(folder + "vae"))),
        folder + "vae/diffusion_pytorch_model.fp16.safetensors.json");
    assertListed(
        ListedTensors.of(ClipTextConfig.of(config(folder + "text_encoder"))),
        folder + "text_encoder/model.fp16.safetensors.json");
    assertListed(
        ListedTensors.of(ClipTextConfig.of(config(folder + "text_encoder_2"))),
        folder + "text_encoder_2/model.fp16.safetensors.json");
    assertListed(
        ListedTensors.of(AutoencoderConfig.of(config("keys/checkpoints/dreamshaper-8/vae"))),
        "keys/checkpoints/dreamshaper-8/vae/diffusion_pytorch_model.fp16.safetensors.json");
    assertListed(
        ListedTensors.of(ClipTextConfig.of(config("keys/checkpoints/text_encoder"))),
        "keys/checkpoints/text_encoder/model.safetensors.json");
  }

  /**
   * The text tower of a file of both, by the shapes that the file has: CLIP's own, from which SD
   * 1.x took it.
   */
  @Test
  void readsTheTextEncoderOfAFileThatHasBoth() throws IOException {
    Map<String, Object> real = JSON.std.mapFrom(Files.readAllBytes(
        Material.of("keys/checkpoints/clip-vit-large-patch14/model.safetensors.json")));
    real.keySet()
        .retainAll(real.keySet().stream()
            .filter(name -> name.startsWith("text_model.") && !name.endsWith("position_ids"))
            .toList());
    ListedTensors ours = ListedTensors.of(text("sd1", "text_encoder"));
    assertEquals(new TreeSet<>(real.keySet()), new TreeSet<>(ours.names()));
  }

  private static void assertListed(ListedTensors ours, String list) throws IOException {
    Map<String, Object> real = JSON.std.mapFrom(Files.readAllBytes(Material.of(list)));
    real.remove("__metadata__");
    real.remove("text_model.embeddings.position_ids");
    assertEquals(new TreeSet<>(real.keySet()), new TreeSet<>(ours.names()), list);
    ours.names()
        .forEach(name -> assertEquals(
            ((Map<?, ?>) real.get(name)).get("shape"),
            java.util.Arrays.stream(ours.shape(name))
                .mapToObj(size -> (int) size)
                .toList(),
            name));
  }

  private static ModelConfig config(String folder) {
    return ModelConfig.read(Material.of(folder).resolve("config.json"));
  }

  private static Map<String, Object> stringKeys(Object map) {
    Map<String, Object> result = new LinkedHashMap<>();
    ((Map<?, ?>) map).forEach((key, value) -> result.put(key.toString(), value));
    return result;
  }

  static Map<String, long[]> file(String family) {
    Map<String, long[]> file = new LinkedHashMap<>();
    parts(family)
        .forEach((component, listed) -> listed.addTo(file, layouts(family).get(component)));
    return file;
  }

  private static Map<String, KeyMapping> layouts(String family) {
    boolean xl = !family.matches("sd1|told|sd2");
    return Map.of(
        "unet",
        UNetKeyFormat.of(unet(family)).withPrefix("model.diffusion_model."),
        "vae",
        AutoencoderKeyFormat.AutoencoderLayout.of(4, 3).withPrefix("first_stage_model."),
        "text_encoder",
        ClipKeyFormat.outputLayout(
            family.equals("sd2"), false, xl ? "conditioner.embedders.0." : "cond_stage_model."),
        "text_encoder_2",
        ClipKeyFormat.outputLayout(
            true, true, "conditioner.embedders." + (family.equals("refiner") ? 0 : 1) + "."));
  }

  private static Map<String, ListedTensors> parts(String family) {
    Map<String, ListedTensors> parts = new LinkedHashMap<>();
    if (!family.equals("refiner")) {
      parts.put("text_encoder", ListedTensors.of(text(family, "text_encoder")));
    }
    if (!family.matches("sd1|told|sd2")) {
      parts.put("text_encoder_2", ListedTensors.of(text(family, "text_encoder_2")));
    }
    parts.put("unet", ListedTensors.of(unet(family)));
    parts.put("vae", ListedTensors.of(vae(family)));
    return parts;
  }

  /** The configs of the published folders, option by option. */
  private static UNetConfig unet(String family) {
    Map<String, Object> c =
        new LinkedHashMap<>(Map.of("in_channels", 4, "out_channels", 4, "layers_per_block", 2));
    boolean refiner = family.equals("refiner");
    if (family.equals("sdxl")) {
      c.putAll(Map.of(
          "sample_size",
          128,
          "block_out_channels",
          List.of(320, 640, 1280),
          "attention_head_dim",
          List.of(5, 10, 20),
          "cross_attention_dim",
          2048,
          "transformer_layers_per_block",
          List.of(1, 2, 10),
          "addition_time_embed_dim",
          256,
          "projection_class_embeddings_input_dim",
          2816,
          "addition_embed_type",
          "text_time",
          "use_linear_projection",
          true,
          "down_block_types",
          List.of("DownBlock2D", CROSS_DOWN, CROSS_DOWN)));
      c.put("up_block_types", List.of(CROSS_UP, CROSS_UP, "UpBlock2D"));
    } else if (refiner) {
      c.putAll(Map.of(
          "sample_size",
          128,
          "block_out_channels",
          List.of(384, 768, 1536, 1536),
          "attention_head_dim",
          List.of(6, 12, 24, 24),
          "cross_attention_dim",
          1280,
          "transformer_layers_per_block",
          4,
          "addition_time_embed_dim",
          256,
          "projection_class_embeddings_input_dim",
          2560,
          "addition_embed_type",
          "text_time",
          "use_linear_projection",
          true,
          "down_block_types",
          List.of("DownBlock2D", CROSS_DOWN, CROSS_DOWN, "DownBlock2D")));
      c.put("up_block_types", List.of("UpBlock2D", CROSS_UP, CROSS_UP, "UpBlock2D"));
    } else {
      c.putAll(
          family.matches("sd1|told")
              ? Map.of(
                  "sample_size",
                  64,
                  "attention_head_dim",
                  8,
                  "cross_attention_dim",
                  768,
                  "time_cond_proj_dim",
                  family.equals("told") ? 256 : 0)
              : Map.of(
                  "sample_size",
                  96,
                  "attention_head_dim",
                  List.of(5, 10, 20, 20),
                  "cross_attention_dim",
                  1024,
                  "use_linear_projection",
                  true));
    }
    return UNetConfig.of(ModelConfig.of(c, family));
  }

  private static AutoencoderConfig vae(String family) {
    boolean xl = !family.matches("sd1|told|sd2");
    return AutoencoderConfig.of(ModelConfig.of(
        Map.of(
            "block_out_channels",
            List.of(128, 256, 512, 512),
            "layers_per_block",
            2,
            "down_block_types",
            java.util.Collections.nCopies(4, "DownEncoderBlock2D"),
            "up_block_types",
            java.util.Collections.nCopies(4, "UpDecoderBlock2D"),
            "scaling_factor",
            xl ? 0.13025 : 0.18215,
            "force_upcast",
            xl),
        family));
  }

  private static ClipTextConfig text(String family, String part) {
    if (part.equals("text_encoder") && !family.equals("sd2")) {
      return ClipTextConfig.of(ModelConfig.of(
          Map.of(
              "hidden_size",
              768,
              "intermediate_size",
              3072,
              "num_hidden_layers",
              12,
              "num_attention_heads",
              12,
              "hidden_act",
              "quick_gelu",
              "eos_token_id",
              2),
          family));
    }
    boolean second = part.equals("text_encoder_2");
    return ClipTextConfig.of(ModelConfig.of(
        Map.of(
            "hidden_size",
            second ? 1280 : 1024,
            "intermediate_size",
            second ? 5120 : 4096,
            "num_hidden_layers",
            second ? 32 : 23,
            "num_attention_heads",
            second ? 20 : 16,
            "hidden_act",
            "gelu",
            "eos_token_id",
            2,
            "projection_dim",
            second ? 1280 : 512,
            "architectures",
            List.of(second ? "CLIPTextModelWithProjection" : "CLIPTextModel")),
        family));
  }
}
