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
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Adapters of the published sizes for the published transformers: names and shapes alone. */
class TransformerAdaptersTest {
  private static final KeyList XLABS = xlabs();
  private static final KeyList INSTANT_X = instantX();
  private static final KeyList INSTANT_X_SD3 = instantXSd3();

  @Test
  void detectsThePublishedAdaptersByTheirKeys() throws IOException {
    assertEquals(
        "an IP-Adapter of XLabs for FLUX.1 (context 4096), 19 attentions, 4 tokens, width 768",
        description(XLABS));
    assertEquals(
        "an IP-Adapter of InstantX for FLUX.1 (context 4096), 57 attentions, 128 tokens, width 1152",
        description(INSTANT_X));
    assertEquals(
        "an IP-Adapter of InstantX for Stable Diffusion 3.x (width 2432), 38 attentions, 64 tokens, width 1152",
        description(INSTANT_X_SD3));
    assertEquals(20, layout(INSTANT_X_SD3).resampler().heads());
    for (String flux : List.of("flux-dev", "flux-schnell", "flux-fill")) {
      AdapterCompatibility.check("adapter", layout(XLABS), MethodRegistry.XLABS.sites(base(flux)));
      AdapterCompatibility.check("adapter", layout(INSTANT_X), base(flux));
    }
    AdapterCompatibility.check("adapter", layout(INSTANT_X_SD3), base("sd3.5-large"));
    assertEquals("transformer_blocks.18", MethodRegistry.XLABS.module(base("flux-dev"), 18));
    assertEquals(
        "single_transformer_blocks.0.attn",
        MethodRegistry.INSTANTX_FLUX.module(base("flux-dev"), 19));
    assertEquals(
        "transformer_blocks.1.attn2", MethodRegistry.INSTANTX_SD3.module(base("sd3.5-medium"), 3));
  }

  @Test
  void refusesAnAdapterForAnotherTransformer() throws IOException {
    assertEquals(
        "a.bin is an IP-Adapter of InstantX for Stable Diffusion 3.x (width 2432), 38 attentions, but the base "
            + "sd3.5-medium is Stable Diffusion 3.x (width 1536); give an adapter for this base",
        refusal(INSTANT_X_SD3, "sd3.5-medium"));
    assertEquals(
        "a.bin is an IP-Adapter of InstantX for Stable Diffusion 3.x (width 2432), 38 attentions, but the base "
            + "flux-dev is FLUX.1 (context 4096); give an adapter for this base",
        refusal(INSTANT_X_SD3, "flux-dev"));
    assertEquals(
        "a.bin is an IP-Adapter of XLabs for FLUX.1 (context 4096), 19 attentions, but the base sd3.5-large is "
            + "Stable Diffusion 3.x (width 2432); give an adapter for this base",
        refusal(XLABS, "sd3.5-large"));
    assertEquals(
        "the base flux2-klein-4b is of a family without IP-Adapter support; use another base, or no IP-Adapter",
        assertThrows(InvalidInputException.class, () -> base("flux2-klein-4b")).getMessage());
    assertThrows(InvalidInputException.class, () -> base("z-image-turbo"));
  }

  @Test
  void refusesAdaptersForUNetsOnTransformers() throws IOException {
    for (String[] real : new String[][] {
      {"Standard Reference (IP Adapter)", ""}, {"Face Reference (IP Adapter Plus Face)", " Plus"}
    }) {
      KeyList list = KeyList.of(Material.of("keys/checkpoints/" + real[0] + ".safetensors.json"));
      String is = "a.bin is an IP-Adapter" + real[1]
          + " for Stable Diffusion 1.x (context 768), 16 attentions, but the base ";
      assertEquals(
          is + "flux-dev is FLUX.1 (context 4096); give an adapter for this base",
          refusal(list, "flux-dev"));
      assertEquals(
          is + "sd3.5-large is Stable Diffusion 3.x (width 2432); give an adapter for this base",
          refusal(list, "sd3.5-large"));
    }
  }

  @Test
  void refusesAnotherImageEncoder() {
    VisionConfig siglip = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "siglip_vision_model",
            "hidden_size",
            1152,
            "num_attention_heads",
            16,
            "image_size",
            384,
            "patch_size",
            14),
        "siglip"));
    VisionConfig large = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "clip_vision_model",
            "hidden_size",
            1024,
            "num_attention_heads",
            16,
            "patch_size",
            14,
            "projection_dim",
            768),
        "clip"));
    AdapterCompatibility.check("a.bin", layout(XLABS), large, "here");
    AdapterCompatibility.check("a.bin", layout(INSTANT_X), siglip, "here");
    AdapterCompatibility.check("a.bin", layout(INSTANT_X_SD3), siglip, "here");
    assertEquals(
        "a.bin is an IP-Adapter of XLabs and was trained with CLIP ViT-L/14 (projection 768), but the "
            + "image encoder here is SigLIP So400m/14 (width 1152); give the image encoder that"
            + " the adapter was trained with",
        refusal(XLABS, siglip));
    for (KeyList list : List.of(INSTANT_X, INSTANT_X_SD3)) {
      assertEquals(
          "a.bin is an IP-Adapter of InstantX and was trained with SigLIP So400m (width 1152), but the "
              + "image encoder here is CLIP ViT-L/14 (width 1024, projection 768); give the image"
              + " encoder that the adapter was trained with",
          refusal(list, large));
    }
  }

  @Test
  void distinguishesEncodersOfOneWidthByTheirFamily() {
    VisionConfig siglip = encoder("siglip_vision_model", 768, 0);
    assertEquals(
        "a.bin is an IP-Adapter of XLabs and was trained with CLIP ViT-L/14 (projection 768), but the "
            + "image encoder here is SigLIP ViT-B/16 (width 768); give the image encoder that the"
            + " adapter was trained with",
        refusal(XLABS, siglip));
    assertEquals(
        "a.bin is an IP-Adapter of InstantX and was trained with SigLIP So400m (width 1152), but the "
            + "image encoder here is CLIP So400m/16 (width 1152, projection 1152); give the image"
            + " encoder that the adapter was trained with",
        refusal(INSTANT_X, encoder("clip_vision_model", 1152, 1152)));
    VisionConfig bare = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "clip_vision_model",
            "hidden_size",
            1024,
            "num_attention_heads",
            16,
            "patch_size",
            14,
            "projection_dim",
            768,
            "architectures",
            List.of("CLIPVisionModel")),
        "clip"));
    assertEquals(
        "a.bin is an IP-Adapter of XLabs and was trained with CLIP ViT-L/14 (projection 768), but the "
            + "image encoder here is CLIP ViT-L/14 (width 1024, without projection); give the"
            + " image encoder that the adapter was trained with",
        refusal(XLABS, bare));
  }

  @Test
  void detectsTheEncoderFamilyByAnUnambiguousWidth() {
    assertEquals(
        "a.bin is an IP-Adapter and was trained with CLIP ViT-H/14 (projection 1024), but the image "
            + "encoder here is SigLIP ViT-L/16 (width 1024); give the image encoder that the"
            + " adapter was trained with",
        refusal(plain(1024), encoder("siglip", 1024, 0)));
    assertEquals(
        "a.bin is an IP-Adapter and was trained with SigLIP So400m (width 1152), but the image encoder "
            + "here is CLIP So400m/16 (width 1152, projection 1152); give the image encoder that"
            + " the adapter was trained with",
        refusal(plain(1152), encoder("clip", 1152, 1152)));
    AdapterCompatibility.check("a.bin", layout(plain(40)), encoder("clip", 64, 40), "here");
    AdapterCompatibility.check("a.bin", layout(plain(40)), encoder("siglip", 40, 0), "here");
  }

  @Test
  void requiresAPoolingHeadIfItReadsThePooledOutput() {
    VisionConfig bare = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "siglip_vision_model",
            "hidden_size",
            1152,
            "num_attention_heads",
            16,
            "patch_size",
            14,
            "vision_use_head",
            false),
        "siglip"));
    AdapterCompatibility.check("a.bin", layout(INSTANT_X_SD3), bare, "here");
    assertEquals(
        "a.bin is an IP-Adapter of InstantX and was trained with SigLIP So400m (width 1152), but the "
            + "image encoder here is SigLIP So400m/14 (width 1152, without projection); give the"
            + " image encoder that the adapter was trained with",
        refusal(INSTANT_X, bare));
  }

  private static VisionConfig encoder(String type, int width, int projection) {
    return VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            type,
            "hidden_size",
            width,
            "num_attention_heads",
            8,
            "patch_size",
            16,
            "projection_dim",
            projection),
        "config.json"));
  }

  private static KeyList plain(long projection) {
    Map<String, long[]> t = new LinkedHashMap<>();
    linear(t, "image_proj.proj", 4 * 768, projection);
    linear(t, "image_proj.norm", 768);
    t.put("ip_adapter.1.to_k_ip.weight", new long[] {320, 768});
    return new KeyList("plain", t);
  }

  private static String description(KeyList list) {
    AdapterLayout layout = layout(list);
    return layout.describe() + ", " + layout.tokens() + " tokens, width " + layout.imageWidth();
  }

  private static String refusal(KeyList list, String base) throws IOException {
    AdapterSites attentions = layout(list).method().sites(base(base));
    return assertThrows(
            InvalidInputException.class,
            () -> AdapterCompatibility.check("a.bin", layout(list), attentions))
        .getMessage();
  }

  private static String refusal(KeyList list, VisionConfig encoder) {
    return assertThrows(
            InvalidInputException.class,
            () -> AdapterCompatibility.check("a.bin", layout(list), encoder, "here"))
        .getMessage();
  }

  private static AdapterLayout layout(KeyList list) {
    try (TensorSource published = AdapterKeyFormat.toPublished(list)) {
      return AdapterHeader.layout(published, "a.bin");
    }
  }

  private static AdapterSites base(String name) throws IOException {
    try (InputStream in = new GZIPInputStream(
        GoldenFolder.class.getResourceAsStream("/golden/transformer-keys.json.gz"))) {
      Map<?, ?> model = (Map<?, ?>) JSON.std.mapFrom(in).get(name);
      Map<String, long[]> shapes = GoldenFolder.shapes((Map<?, ?>) model.get("canonical"));
      return AdapterSites.of(name, shapes.keySet(), shapes::get);
    }
  }

  private static KeyList xlabs() {
    Map<String, long[]> t = new LinkedHashMap<>();
    linear(t, "ip_adapter_proj_model.proj", 4 * 4096, 768);
    linear(t, "ip_adapter_proj_model.norm", 4096);
    for (int i = 0; i < 19; i++) {
      linear(t, "double_blocks." + i + ".processor.ip_adapter_double_stream_k_proj", 3072, 4096);
      linear(t, "double_blocks." + i + ".processor.ip_adapter_double_stream_v_proj", 3072, 4096);
    }
    return new KeyList("xlabs", t);
  }

  private static KeyList instantX() {
    Map<String, long[]> t = new LinkedHashMap<>();
    linear(t, "image_proj.proj.0", 2304, 1152);
    linear(t, "image_proj.proj.2", 128 * 4096, 2304);
    linear(t, "image_proj.norm", 4096);
    for (int i = 0; i < 57; i++) {
      t.put("ip_adapter." + i + ".to_k_ip.weight", new long[] {3072, 4096});
      t.put("ip_adapter." + i + ".to_v_ip.weight", new long[] {3072, 4096});
    }
    return new KeyList("instantx", t);
  }

  private static KeyList instantXSd3() {
    Map<String, long[]> t = new LinkedHashMap<>();
    t.put("image_proj.latents", new long[] {1, 64, 1280});
    linear(t, "image_proj.proj_in", 1280, 1152);
    linear(t, "image_proj.proj_out", 2432, 1280);
    linear(t, "image_proj.norm_out", 2432);
    linear(t, "image_proj.time_embedding.linear_1", 1280, 320);
    linear(t, "image_proj.time_embedding.linear_2", 1280, 1280);
    for (int i = 0; i < 4; i++) {
      t.put("image_proj.layers." + i + ".0.to_q.weight", new long[] {1280, 1280});
      t.put("image_proj.layers." + i + ".0.to_kv.weight", new long[] {2560, 1280});
    }
    for (int i = 0; i < 38; i++) {
      t.put("ip_adapter." + i + ".to_k_ip.weight", new long[] {2432, 2432});
      linear(t, "ip_adapter." + i + ".norm_ip.linear", 2 * 2432, 1280);
    }
    return new KeyList("timed", t);
  }

  private static void linear(Map<String, long[]> tensors, String path, long out, long... in) {
    tensors.put(path + ".weight", in.length == 0 ? new long[] {out} : new long[] {out, in[0]});
    tensors.put(path + ".bias", new long[] {out});
  }
}
