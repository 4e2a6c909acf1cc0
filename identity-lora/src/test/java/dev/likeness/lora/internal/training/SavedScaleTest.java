package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.OnGoldenBase;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LokrDelta;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraMetadata;
import dev.likeness.lora.training.AdapterAlgorithm;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scales far from 1, which files have multiplied into factors. */
@ExtendWith(NoTensorLeaks.class)
class SavedScaleTest extends OnGoldenBase {
  /**
   * An alpha of 1 at rank 128 brings f16 factors as they are trained below what f16 itself has
   * places for.
   */
  @ParameterizedTest
  @CsvSource({"PEFT, lora", "DIFFUSERS, lora", "KOHYA, lora", "PEFT, lokr", "KOHYA, lokr"})
  void losesNoDigitsOfF16FactorsToTheirScale(
      KeyFormat keyFormat, String kind, @TempDir Path folder) {
    TargetLayer layer = LayerTable.of(EngineAccess.model(base))
        .find(ModelComponent.UNET, "mid_block.resnets.0.conv1")
        .orElseThrow();
    Path file = folder.resolve("small.safetensors");
    TensorRegion region = new TensorRegion();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(5L)) {
      WeightDelta change = kind.equals("lora")
          ? new LoraDelta(
              small(noise, 128, layer.in(), 3, 3),
              null,
              small(noise, layer.out(), 128, 1, 1),
              1 / 128.0)
          : new LokrDelta(
              small(noise, 4, 4),
              small(noise, layer.out() / 4, layer.in() / 4, 3, 3),
              0,
              1 / 128.0);
      LoraInspection report = LoraMetadata.made("unknown", LoraAlgorithm.LORA, 1, 128, Map.of());
      LoraDeltas changes = new LoraDeltas(Map.of(layer, change.map(region::keep)), Map.of());
      try (Lora lora = LoraParts.lora(changes, report, region, EngineAccess.model(base))) {
        lora.save(file, keyFormat);
        try (Lora again = Lora.open(file, base)) {
          Tensor own = layer.readF32(EngineAccess.model(base));
          Tensor expected = change.deltaWeight(own);
          double lost = LoraParts.changes(again)
              .weights()
              .get(layer)
              .deltaWeight(own)
              .sub(expected)
              .norm()
              .item_double();
          assertTrue(
              lost <= 1e-6 * expected.norm().item_double(),
              lost + " of " + expected.norm().item_double());
        }
      }
    }
  }

  private static Tensor small(NoiseSource noise, long... shape) {
    return noise.next(shape).squeeze(0).mul(new Scalar(1e-3)).to(ScalarType.Half);
  }

  @Test
  void keepsDigitsOfFactorsTrainedWithALowAlpha() {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoiseSource noise = NoiseSource.seeded(6L)) {
      TargetLayer layer = new TargetLayer(ModelComponent.UNET, "to_q", List.of(64L, 64L));
      Map<String, Tensor> leaves = Map.of(
          "unet.to_q.lora_A.weight",
          noise.next(128, 64).squeeze(0).div(new Scalar(8.0)),
          "unet.to_q.lora_B.weight",
          noise.next(64, 128).squeeze(0).mul(new Scalar(1e-3)));
      TrainableDelta trained = new TrainableDelta(AdapterAlgorithm.LORA, layer, 1 / 128.0, null);
      Tensor expected = torch
          .matmul(leaves.get("unet.to_q.lora_B.weight"), leaves.get("unet.to_q.lora_A.weight"))
          .div(new Scalar(128.0));
      Tensor saved = trained.toDelta(leaves::get, region).deltaWeight(torch.zeros(64, 64));
      double lost = saved.sub(expected).norm().item_double() / expected.norm().item_double();
      // f16 rounds each number by up to 2^-11.
      assertTrue(lost < 5e-4, "lost " + lost);
    }
  }
}
