package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.flux.FluxKeyFormat;
import dev.likeness.diffusion.internal.family.flux.FluxNetworks;
import dev.likeness.diffusion.internal.family.sd3.Sd3KeyFormat;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
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
  @ValueSource(strings = {"flux/dev", "sd3/three", "sd3/medium", "sd3/large"})
  void nameEveryLayerAsCheckpointsAndSwapTheSameHalves(String name) {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(name, folder).path(), Compute.EXACT)) {
      KeyMapping layout = keyMapping(EngineAccess.model(base));
      LayerTable table = LayerTable.of(EngineAccess.model(base));
      OriginalLayerNames names = OriginalLayerNames.of(table.kind(), table);
      table.layers().stream()
          .filter(layer -> layer.component() == ModelComponent.TRANSFORMER)
          .forEach(layer -> {
            KeyMapping.Location place = layout.locate(layer.weight());
            String maker = place.name().substring(0, place.name().lastIndexOf('.'));
            OriginalLayerNames.Split split =
                names.of(maker).orElse(new OriginalLayerNames.Split(List.of(), false));
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
                new OriginalLayerNames.KohyaNames(table).of(layer).stem());
          });
    }
  }

  private static KeyMapping keyMapping(OpenModel model) {
    return model.networks() instanceof FluxNetworks flux
        ? FluxKeyFormat.FluxLayout.of(flux.config().layers(), flux.config().singleLayers())
        : Sd3KeyFormat.Sd3Layout.of(((Sd3Networks) model.networks()).config().layers());
  }
}
