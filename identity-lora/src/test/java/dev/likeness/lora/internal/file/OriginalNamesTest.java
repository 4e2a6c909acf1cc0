package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerNames;
import dev.likeness.diffusion.internal.family.LayerNames.BlockList;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What LoRAs in their makers' naming call a transformer's layers, beside what whole checkpoints of
 * theirs do.
 */
@ExtendWith(NoTensorLeaks.class)
class OriginalNamesTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flux/dev",
        "sd3/three",
        "sd3/medium",
        "sd3/large",
        "klein/distilled",
        "zimage/turbo",
        "chroma/base"
      })
  void nameEveryLayerAsCheckpointsAndSwapTheSameHalves(String name) {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(name, folder).path(), Compute.EXACT)) {
      LayerTable table = LayerTable.of(EngineAccess.model(base));
      KeyMapping layout = keyMapping(EngineAccess.model(base), table);
      OriginalLayerNames names = OriginalLayerNames.of(table.kind(), table);
      table.layers().stream()
          .filter(layer -> layer.component() == ModelComponent.TRANSFORMER)
          .filter(layer -> !layer.path().startsWith("distilled_guidance_layer.norms."))
          .forEach(layer -> {
            KeyMapping.Location place = layout.locate(layer.weight());
            String maker = place.name().substring(0, place.name().lastIndexOf('.'));
            OriginalLayerNames.Split split =
                names.of(maker).orElse(OriginalLayerNames.Split.equalParts(List.of()));
            assertEquals(
                layout.canonicalNames(place.name()),
                split.paths().stream().map(path -> path + ".weight").toList(),
                maker);
            assertEquals(
                place.form() == KeyMapping.Location.Form.HALVES_SWAPPED,
                split.halvesSwapped(),
                maker);
            assertEquals(
                "lora_unet_" + maker.replace('.', '_'),
                new KohyaNames(table).of(layer).stem());
          });
    }
  }

  private static KeyMapping keyMapping(OpenModel model, LayerTable table) {
    LayerNames names = model.family().loraLayers().names();
    Map<String, String> lists =
        names.lists().stream().collect(Collectors.toMap(BlockList::original, BlockList::diffusers));
    return names.keyMapping(original -> {
      String list = lists.get(original);
      return (int) table.layers().stream()
          .map(TargetLayer::path)
          .filter(path -> path.startsWith(list))
          .map(path -> path.substring(list.length()).split("\\.")[0])
          .distinct()
          .count();
    });
  }
}
