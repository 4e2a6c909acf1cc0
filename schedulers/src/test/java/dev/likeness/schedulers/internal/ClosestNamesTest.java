package dev.likeness.schedulers.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClosestNamesTest {
  private static Stream<String> names() {
    return Stream.of("sd21", "sd15", "sdxl", "juggernaut-xl", "portrait");
  }

  @Test
  void swappedNeighboursAreOneChange() {
    assertEquals("sd15", ClosestNames.of("ds15", names(), 1));
    assertEquals("sd15, sd21", ClosestNames.of("sd12", names(), 2));
  }

  @Test
  void onlyNamesThatMayBeMeantAreSimilar() {
    assertEquals(List.of("sd15"), ClosestNames.similar("SD_1.5", names(), 3));
    assertEquals(List.of("juggernaut-xl"), ClosestNames.similar("juggernaut", names(), 3));
    assertEquals(List.of("portrait"), ClosestNames.similar("potrait", names(), 3));
    assertEquals(List.of(), ClosestNames.similar("qqqqqqq", names(), 3));
    assertEquals(List.of(), ClosestNames.similar("", names(), 3));
  }
}
