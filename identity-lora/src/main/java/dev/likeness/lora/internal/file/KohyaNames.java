package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.List;
import java.util.Optional;

/**
 * How kohya's programs name a base's layers: as diffusers does in Stable Diffusion 1.x and 2.x, as
 * the makers do in all others, where several layers of diffusers may be one.
 */
final class KohyaNames {
  private static final String NETWORK = "lora_unet_";

  /**
   * A layer there.
   *
   * @param stem what its keys begin with
   * @param parts the layers of diffusers that it is made of, from the first row down
   * @param halvesSwapped whether its first half of rows is the second in diffusers
   */
  record Place(String stem, List<TargetLayer> parts, boolean halvesSwapped) {}

  private final LayerTable table;
  private final OriginalLayerNames joint;
  private final boolean several;

  KohyaNames(LayerTable table) {
    this.table = table;
    joint = OriginalLayerNames.of(LoraFamilyDetector.of(table), table);
    several = table.has(ModelComponent.TEXT_ENCODER_2);
  }

  /** Where a layer of the base is in kohya's. */
  Place of(TargetLayer layer) {
    return switch (layer.part()) {
      case UNET ->
        alone(NETWORK, several ? table.old(layer).orElse(layer.path()) : layer.path(), layer);
      case TRANSFORMER -> joined(layer).orElseGet(() -> alone(NETWORK, layer.path(), layer));
      default -> alone(text(layer), layer.path(), layer);
    };
  }

  private Optional<Place> joined(TargetLayer layer) {
    return joint
        .maker(
            layer.path(), path -> table.find(ModelComponent.TRANSFORMER, path).isPresent())
        .map(maker -> {
          OriginalLayerNames.Split split = joint.of(maker).orElseThrow();
          List<TargetLayer> parts = split.paths().stream()
              .map(path -> table.find(ModelComponent.TRANSFORMER, path).orElseThrow())
              .toList();
          return new Place(NETWORK + maker, parts, split.halvesSwapped());
        });
  }

  /** T5 is the third wherever it is. */
  private String text(TargetLayer layer) {
    if (layer.part() == ModelComponent.TEXT_ENCODER_3
        || layer.path().startsWith("encoder.block.")) {
      return "lora_te3_";
    }
    return layer.part() == ModelComponent.TEXT_ENCODER_2
        ? "lora_te2_"
        : several ? "lora_te1_" : "lora_te_";
  }

  private static Place alone(String prefix, String path, TargetLayer layer) {
    return new Place(prefix + path.replace('.', '_'), List.of(layer), false);
  }
}
