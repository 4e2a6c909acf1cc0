package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.List;
import java.util.Optional;

/**
 * The layer names of kohya's programs: diffusers' names for Stable Diffusion 1.x and 2.x, and the
 * original names for all others, where one layer may be several layers in diffusers.
 */
final class KohyaNames {
  private static final String NETWORK = KeyPrefix.KOHYA_NETWORK.text();

  /**
   * A layer in kohya's naming.
   *
   * @param stem the beginning of its keys
   * @param parts the layers of diffusers that it consists of, from the first row down
   * @param halvesSwapped true if its first half of rows is the second half in diffusers
   */
  record KohyaLayer(String stem, List<TargetLayer> parts, boolean halvesSwapped) {}

  private final LayerTable table;
  private final OriginalLayerNames transformerNames;
  private final boolean hasTwoTextEncoders;

  KohyaNames(LayerTable table) {
    this.table = table;
    transformerNames = OriginalLayerNames.of(table.kind(), table);
    hasTwoTextEncoders = table.has(ModelComponent.TEXT_ENCODER_2);
  }

  /** Returns the place of a layer of the base in kohya's naming. */
  KohyaLayer of(TargetLayer layer) {
    return switch (layer.component()) {
      case UNET ->
        singleLayer(
            NETWORK,
            hasTwoTextEncoders ? table.singleFileName(layer).orElse(layer.path()) : layer.path(),
            layer);
      case TRANSFORMER ->
        fusedLayer(layer).orElseGet(() -> singleLayer(NETWORK, layer.path(), layer));
      default -> singleLayer(textPrefix(layer), layer.path(), layer);
    };
  }

  private Optional<KohyaLayer> fusedLayer(TargetLayer layer) {
    return transformerNames
        .originalName(
            layer.path(), path -> table.find(ModelComponent.TRANSFORMER, path).isPresent())
        .map(maker -> {
          OriginalLayerNames.Split split = transformerNames.of(maker).orElseThrow();
          List<TargetLayer> parts = split.paths().stream()
              .map(path -> table.find(ModelComponent.TRANSFORMER, path).orElseThrow())
              .toList();
          return new KohyaLayer(NETWORK + maker, parts, split.halvesSwapped());
        });
  }

  /** T5 has number 3 in every model. */
  private String textPrefix(TargetLayer layer) {
    if (layer.component() == ModelComponent.TEXT_ENCODER_3
        || layer.path().startsWith("encoder.block.")) {
      return KeyPrefix.KOHYA_T5.text();
    }
    return layer.component() == ModelComponent.TEXT_ENCODER_2
        ? KeyPrefix.KOHYA_TEXT_2.text()
        : hasTwoTextEncoders ? KeyPrefix.KOHYA_TEXT_1.text() : KeyPrefix.KOHYA_TEXT.text();
  }

  private static KohyaLayer singleLayer(String prefix, String path, TargetLayer layer) {
    return new KohyaLayer(prefix + path.replace('.', '_'), List.of(layer), false);
  }
}
