package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.training.TrainableFullWeights;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** What stops for want of memory halfway keeps nothing. */
class PartialFailureTest extends OnGoldenBase {
  private static final int FREE_COPIES = 2;

  private int left = FREE_COPIES;

  @Test
  void aFusedLoraFreesEverythingIfMemoryRunsOut() {
    try (Lora lora = Lora.open(GoldenLora.file("../kinds/loha"), base)) {
      assertTrue(lora.deltas().weights().size() > FREE_COPIES);
      Lora tight =
          new Lora(lora.deltas(), lora.metadata(), lora.inspection(), new TensorRegion(), small());
      try (FusedLora fused = FusedLora.of(tight, LoraWeight.of(1))) {
        long objects = Pointer.totalCount();
        for (int i = 0; i < 3; i++) {
          left = FREE_COPIES;
          assertThrows(IllegalStateException.class, () -> weights(fused));
          assertTrue(Pointer.totalCount() <= objects);
        }
        left = Integer.MAX_VALUE;
        weights(fused);
        assertTrue(Pointer.totalCount() > objects);
      }
    }
  }

  private static void weights(FusedLora fused) {
    try (TensorScope scope = TensorScope.open()) {
      fused.weights(Compute.EXACT);
    }
  }

  @Test
  void trainableWeightsAreFreedIfMemoryRunsOut() {
    long objects = Pointer.totalCount();
    assertThrows(IllegalStateException.class, () -> copied(small()));
    assertTrue(Pointer.totalCount() <= objects);
  }

  private static void copied(OpenModel model) {
    try (TensorScope scope = TensorScope.open()) {
      new TrainableFullWeights(model, Set.of(ModelComponent.UNET), ScalarType.Float, null).close();
    }
  }

  /** The base, which has room for so many tensors. */
  private OpenModel small() {
    InvocationHandler handler = (proxy, method, args) -> {
      if (Set.of("read", "tensor").contains(method.getName()) && left-- <= 0) {
        throw new IllegalStateException("no memory");
      }
      try {
        return method.invoke(EngineAccess.model(base), args);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    };
    return (OpenModel) Proxy.newProxyInstance(
        OpenModel.class.getClassLoader(), new Class<?>[] {OpenModel.class}, handler);
  }
}
