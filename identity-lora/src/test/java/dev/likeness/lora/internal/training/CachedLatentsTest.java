package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CachedLatentsTest {
  @ParameterizedTest
  @CsvSource({
    "12, 8, 1, 2",
    "8, 8, 1, 1",
    "0, 1, 0, 1",
    "7, 2, 0, 2",
    "60, 40, 7, 1",
    "80, 8, 7, 1",
    "0, 64, 0, 8"
  })
  void weightsEveryCellThatAFocusTouches(int start, int length, int first, int count) {
    assertArrayEquals(new int[] {first, count}, CachedLatents.cellRange(start, length, 8, 8));
  }
}
