package dev.likeness.ipadapter.internal.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.material.Material;
import dev.likeness.ipadapter.internal.file.AdapterKeyFormat;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** The key lists of real adapters, encoders and base models: names and shapes alone. */
class PublishedKeysTest {
  private static final String KEYS = "keys/checkpoints/";

  @Test
  void detectsThePublishedBaseAdapterByItsKeys() {
    AdapterLayout layout = layout("Standard Reference (IP Adapter).safetensors.json");
    assertEquals(MethodRegistry.IP_ADAPTER, layout.method());
    assertEquals(
        List.of(4, 768L, 1024L),
        List.of(layout.tokens(), layout.contextWidth(), layout.imageWidth()));
    AdapterCompatibility.check("adapter", layout, sd15());
    AdapterCompatibility.check(
        "adapter", layout, encoder("IP Adapter SD1/config.json"), "image_encoder");
  }

  @Test
  void detectsThePublishedFaceAdapterByItsKeys() {
    AdapterLayout layout = layout("Face Reference (IP Adapter Plus Face).safetensors.json");
    assertEquals(
        new AdapterLayout(
            MethodRegistry.PLUS,
            16,
            768,
            1280,
            0,
            0,
            new ResamplerConfig(768, 768, 4),
            layout.attentionWidths(),
            false),
        layout);
    assertEquals(12, layout.resampler().heads());
    AdapterCompatibility.check("adapter", layout, sd15());
    AdapterCompatibility.check(
        "adapter", layout, encoder("IP Adapter SD1/config.json"), "image_encoder");
  }

  @Test
  void mapsEveryKeyOfThePublishedAdapters() {
    for (String file : List.of(
        "Standard Reference (IP Adapter).safetensors.json",
        "Face Reference (IP Adapter Plus Face).safetensors.json")) {
      KeyList list = list(file);
      Set<String> expected = new HashSet<>();
      AdapterSites base = sd15();
      for (int t = 0; t < base.paths().size(); t++) {
        expected.add("ip_adapter." + (2 * t + 1) + ".to_k_ip.weight");
        expected.add("ip_adapter." + (2 * t + 1) + ".to_v_ip.weight");
      }
      assertEquals(
          expected,
          list.names().stream()
              .filter(n -> n.startsWith("ip_adapter"))
              .collect(Collectors.toSet()));
      try (TensorSource published = AdapterKeyFormat.toPublished(list)) {
        assertEquals(
            list.names(), published.names(), "a published name is taken for another spelling");
      }
    }
  }

  @Test
  void refusesAnAdapterForAnotherFamily() {
    AdapterLayout layout = layout("Standard Reference (IP Adapter).safetensors.json");
    AdapterSites xl = base(
        "Juggernaut XL v9/unet/diffusion_pytorch_model.fp16.safetensors.json", "Juggernaut XL v9");
    assertEquals(70, xl.paths().size());
    assertEquals("up_blocks.0.attentions.0.transformer_blocks.0.attn2", xl.attentionPath(49));
    assertEquals("mid_block.attentions.0.transformer_blocks.9.attn2", xl.attentionPath(139));
    assertEquals(
        "ip-adapter_sd15.bin is an IP-Adapter for Stable Diffusion 1.x (context 768), 16 attentions, but the base "
            + "Juggernaut XL v9 is SDXL (context 2048); give an adapter for this base",
        refusal(() -> AdapterCompatibility.check("ip-adapter_sd15.bin", layout, xl)));
  }

  @Test
  void refusesAnotherImageEncoder() {
    VisionConfig large = encoder("clip-vit-large-patch14/config.json");
    AdapterLayout plain = layout("Standard Reference (IP Adapter).safetensors.json");
    assertEquals(
        "a.bin is an IP-Adapter and was trained with CLIP ViT-H/14 (projection 1024), but the image "
            + "encoder here is CLIP ViT-L/14 (width 1024, projection 768); give the image encoder"
            + " that the adapter was trained with",
        refusal(() -> AdapterCompatibility.check("a.bin", plain, large, "here")));
    AdapterLayout plus = layout("Face Reference (IP Adapter Plus Face).safetensors.json");
    VisionConfig bigG = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "clip_vision_model",
            "hidden_size",
            1664,
            "num_attention_heads",
            16,
            "patch_size",
            14,
            "projection_dim",
            1280),
        "bigG"));
    assertEquals(
        "a.bin is an IP-Adapter Plus and was trained with CLIP ViT-H/14 (width 1280), but the image "
            + "encoder here is CLIP ViT-bigG/14 (width 1664, projection 1280); give the image"
            + " encoder that the adapter was trained with",
        refusal(() -> AdapterCompatibility.check("a.bin", plus, bigG, "here")));
    assertEquals(729, encoder("siglip-so400m-patch14-384/config.json").tokens());
  }

  private static String refusal(Runnable check) {
    return assertThrows(InvalidInputException.class, check::run).getMessage();
  }

  private static AdapterLayout layout(String file) {
    return AdapterHeader.layout(list(file), file);
  }

  private static VisionConfig encoder(String file) {
    return VisionConfig.of(ModelConfig.read(Material.of(KEYS + file)));
  }

  private static KeyList list(String file) {
    return KeyList.of(Material.of(KEYS + file));
  }

  private static AdapterSites base(String file, String name) {
    KeyList unet = list(file);
    return AdapterSites.of(name, unet.names(), unet::shape);
  }

  private static AdapterSites sd15() {
    try (InputStream in =
        new GZIPInputStream(GoldenFolder.class.getResourceAsStream("/golden/sd15-keys.json.gz"))) {
      Map<String, long[]> unet =
          GoldenFolder.shapes((Map<?, ?>) JSON.std.mapFrom(in).get("unet"));
      return AdapterSites.of("SD 1.5", unet.keySet(), unet::get);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
