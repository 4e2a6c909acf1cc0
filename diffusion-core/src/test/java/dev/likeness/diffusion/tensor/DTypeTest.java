package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.Tensors;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DTypeTest {
  @ParameterizedTest
  @EnumSource(DType.class)
  void isAsWideAsItsLibtorchType(DType type) {
    LibTorch.load();
    if (type.isLoadable()) {
      assertEquals(type.bits(), 8 * torch.elementSize(Tensors.scalarType(type)));
      assertEquals(type, Tensors.dtype(Tensors.scalarType(type)));
    } else {
      assertThrows(InvalidInputException.class, () -> Tensors.scalarType(type));
    }
  }

  @Test
  void parsesNamesInEitherCaseAndListsThemOtherwise() {
    assertEquals(DType.BF16, DType.parse("bf16"));
    assertTrue(DType.find("bf16").isEmpty());
    assertEquals(
        "unknown dtype \"fp16\"; known: " + DType.names(),
        assertThrows(InvalidInputException.class, () -> DType.parse("fp16")).getMessage());
  }

  @Test
  void knowsWhichTypesAreFloating() {
    assertTrue(DType.BF16.isFloating());
    assertTrue(DType.F8_E4M3.isFloating());
    assertFalse(DType.I64.isFloating());
    assertFalse(DType.BOOL.isFloating());
    assertFalse(DType.C64.isFloating());
  }
}
