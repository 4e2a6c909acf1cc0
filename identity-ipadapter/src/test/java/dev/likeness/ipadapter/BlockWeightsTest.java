package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BlockWeightsTest {
  private static final List<String> SD1 = blocks(
      "down_blocks.0 2",
      "down_blocks.1 2",
      "down_blocks.2 2",
      "up_blocks.1 3",
      "up_blocks.2 3",
      "up_blocks.3 3",
      "mid_block 1");
  private static final List<String> SDXL =
      blocks("down_blocks.1 2", "down_blocks.2 2", "up_blocks.0 3", "up_blocks.1 3", "mid_block 1");
  private static final List<String> PORTRAIT =
      blocks("down_blocks.1 1", "down_blocks.2 1", "up_blocks.0 2", "up_blocks.1 2", "mid_block 1");

  @Test
  void weightTheBlocksOfInstantStyle() {
    assertEquals(
        List.of("down_blocks.2.attentions.1 1.0"), countWeights(BlockWeights.COMPOSITION, SDXL));
    assertEquals(List.of("up_blocks.0.attentions.1 1.0"), countWeights(BlockWeights.STYLE, SDXL));
    assertEquals(
        List.of("down_blocks.2.attentions.1 1.0", "up_blocks.0.attentions.1 1.0"),
        countWeights(BlockWeights.STYLE_AND_COMPOSITION, SDXL));
  }

  @Test
  void weightTheDeepestBlockOfSmallerBases() {
    assertEquals(
        List.of("down_blocks.2.attentions.0 0.25", "down_blocks.2.attentions.1 1.0"),
        countWeights(BlockWeights.COMPOSITION, SD1));
    assertEquals(
        List.of("down_blocks.2.attentions.0 1.0"),
        countWeights(BlockWeights.COMPOSITION, PORTRAIT));
    assertEquals(
        List.of("up_blocks.0.attentions.1 1.0"), countWeights(BlockWeights.STYLE, PORTRAIT));
  }

  @Test
  void areFiniteNumbers() {
    assertEquals(
        "the weight of block \"mid_block\" must be a number from -3.4e38 to 3.4e38, got NaN",
        assertThrows(
                IllegalArgumentException.class,
                () -> BlockWeights.of(Map.of("mid_block", Double.NaN)))
            .getMessage());
  }

  /** Blocks that count, and how much. */
  private static List<String> countWeights(BlockWeights weights, List<String> paths) {
    AdapterSites base = new AdapterSites(
        "base",
        FamilyRegistry.STABLE_DIFFUSION,
        paths,
        Collections.nCopies(paths.size(), 32L),
        32,
        8);
    return IntStream.range(0, paths.size())
        .filter(t -> weights.of(base, t) != 0)
        .mapToObj(
            t -> paths.get(t).replace(".transformer_blocks.0", "") + " " + weights.of(base, t))
        .toList();
  }

  private static List<String> blocks(String... counts) {
    return Stream.of(counts)
        .map(count -> count.split(" "))
        .flatMap(count -> IntStream.range(0, Integer.parseInt(count[1]))
            .mapToObj(i -> count[0] + ".attentions." + i + ".transformer_blocks.0"))
        .toList();
  }
}
