package dev.likeness.ipadapter.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.TensorSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AdapterKeyFormatTest {
  private static final String LAYER = "encoder_hid_proj.image_projection_layers.0.layers.0.attn.";

  /**
   * What {@code torch.save} keeps of a module that has the base, the projection, and the base's new
   * layers once more.
   */
  @Test
  void ignoresTheBaseInATrainingCheckpoint() {
    Map<String, long[]> all = new HashMap<>(trained("unet."));
    Stream.of("k", "v")
        .forEach(each -> all.put("adapter_modules.1.to_" + each + "_ip.weight", new long[] {8, 4}));
    assertEquals(
        Set.of(
            "image_proj.norm.weight", "ip_adapter.1.to_k_ip.weight", "ip_adapter.1.to_v_ip.weight"),
        converted(all));
  }

  /** And what accelerate does, which keeps shared tensors under their first name. */
  @Test
  void findsTheAdapterInTheBaseOfATrainingsCheckpoint() {
    assertEquals(
        Set.of(
            "image_proj.norm.weight", "ip_adapter.1.to_k_ip.weight", "ip_adapter.1.to_v_ip.weight"),
        converted(trained("unet.")));
  }

  private static Map<String, long[]> trained(String unet) {
    String attention = unet + "down_blocks.0.attentions.0.transformer_blocks.0.attn2.";
    return Map.of(
        unet + "conv_in.weight",
        new long[] {8, 4, 3, 3},
        attention + "to_k.weight",
        new long[] {8, 4},
        attention + "processor.to_k_ip.weight",
        new long[] {8, 4},
        attention + "processor.to_v_ip.weight",
        new long[] {8, 4},
        "image_proj_model.norm.weight",
        new long[] {4});
  }

  @Test
  void stacksKeysAboveValues() {
    try (TensorSource fused = AdapterKeyFormat.toPublished(list(Map.of(
        LAYER + "to_v.weight", new long[] {64, 8}, LAYER + "to_k.weight", new long[] {64, 8})))) {
      assertEquals(Set.of("image_proj.layers.0.0.to_kv.weight"), fused.names());
      assertArrayEquals(new long[] {128, 8}, fused.shape("image_proj.layers.0.0.to_kv.weight"));
    }
  }

  @Test
  void refusesTwoTensorsOfOneLayer() {
    long[] shape = {4, 4};
    refuses(
        Map.of("image_proj.proj.weight", shape, "image_proj_model.proj.weight", shape),
        "a.bin: \"image_proj.proj.weight\" and \"image_proj_model.proj.weight\" are the same"
            + " layer in two key formats; "
            + "remove one of them");
    refuses(
        Map.of("ip_adapter.1.to_k_ip.weight", shape, "adapter_modules.1.to_k_ip.weight", shape),
        "a.bin: \"adapter_modules.1.to_k_ip.weight\" and \"ip_adapter.1.to_k_ip.weight\" are the"
            + " same layer in two key formats; "
            + "remove one of them");
    refuses(
        Map.of(
            LAYER + "to_k.weight",
            shape,
            LAYER + "to_v.weight",
            shape,
            LAYER + "to_kv.weight",
            shape),
        "a.bin: \"" + LAYER + "to_kv.weight\" and \"" + LAYER
            + "to_k.weight\" are the same layer in two key formats; remove one of them");
  }

  @Test
  void refusesKeysWithoutValues() {
    String said = "a.bin: \"" + LAYER
        + "to_k.weight\" needs key and value matrices of equal shape; the adapter may be of a kind that is not"
        + " supported: give a published IP-Adapter";
    refuses(Map.of(LAYER + "to_k.weight", new long[] {64, 8}), said);
    refuses(
        Map.of(
            LAYER + "to_k.weight", new long[] {64, 8}, LAYER + "to_v.weight", new long[] {64, 9}),
        said);
    refuses(Map.of(LAYER + "to_k.weight", new long[0], LAYER + "to_v.weight", new long[0]), said);
  }

  @Test
  void refusesSeveralAdaptersInOneFile() {
    String second = "encoder_hid_proj.image_projection_layers.1.image_embeds.weight";
    refuses(
        Map.of(second, new long[] {4, 4}),
        "a.bin contains several adapters (it has \"" + second
            + "\"); give a file with one adapter");
    String keys =
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_ip.1.weight";
    refuses(
        Map.of(keys, new long[] {4, 4}),
        "a.bin contains several adapters (it has \"" + keys + "\"); give a file with one adapter");
  }

  @Test
  void refusesNumbersThatNoBaseHas() {
    String name =
        "down_blocks.99999999999.attentions.0.transformer_blocks.0.attn2.processor.to_k_ip.0.weight";
    refuses(
        Map.of(name, new long[] {4, 4}),
        "a.bin: key \"" + name
            + "\" names no attention layer; use the file as its author published it");
  }

  private static void refuses(Map<String, long[]> shapes, String message) {
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> AdapterKeyFormat.toPublished(list(shapes)))
            .getMessage());
  }

  private static Set<String> converted(Map<String, long[]> shapes) {
    try (TensorSource published = AdapterKeyFormat.toPublished(list(shapes))) {
      assertArrayEquals(new long[] {8, 4}, published.shape("ip_adapter.1.to_k_ip.weight"));
      return published.names().stream()
          .filter(name -> !name.startsWith("unet."))
          .collect(Collectors.toSet());
    }
  }

  /** In the order of their names. */
  private static KeyList list(Map<String, long[]> shapes) {
    return new KeyList("a.bin", shapes) {
      @Override
      public Set<String> names() {
        return new TreeSet<>(shapes.keySet());
      }
    };
  }
}
