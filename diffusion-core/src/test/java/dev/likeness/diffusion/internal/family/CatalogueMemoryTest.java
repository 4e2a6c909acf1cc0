package dev.likeness.diffusion.internal.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Memory;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Headers of published size open for each layout of the catalogue, and the memory that the
 * catalogue gives is the estimate from them.
 */
class CatalogueMemoryTest {
  /** The layout of each base. */
  private static final Map<String, String> LAYOUTS = Map.ofEntries(
      Map.entry("sd15", "sd1"),
      Map.entry("realistic-vision", "sd1"),
      Map.entry("sd15-inpainting", "sd1"),
      Map.entry("lcm-dreamshaper", "sd1"),
      Map.entry("sd21", "sd2"),
      Map.entry("sdxl", "sdxl"),
      Map.entry("realvisxl", "sdxl"),
      Map.entry("sdxl-inpainting", "sdxl"),
      Map.entry("playground", "sdxl"),
      Map.entry("sdxl-refiner", "refiner"),
      Map.entry("sd3-medium", "sd3-medium"),
      Map.entry("sd35-medium", "sd3.5-medium"),
      Map.entry("sd35-large", "sd3.5-large"),
      Map.entry("flux-schnell", "flux-schnell"),
      Map.entry("flux-dev", "flux-dev"),
      Map.entry("flux-kontext", "flux-dev"),
      Map.entry("flux-fill", "flux-fill"),
      Map.entry("klein-4b", "flux2-klein-4b-distilled"),
      Map.entry("klein-base-4b", "flux2-klein-4b"),
      Map.entry("klein-base-9b", "flux2-klein-9b"),
      Map.entry("z-image-turbo", "z-image-turbo"),
      Map.entry("chroma", "chroma1-hd"));

  @TempDir
  private Path folder;

  @Test
  void memoryIsTheEstimateFromHeadersOfPublishedSize() throws IOException {
    Map<String, Memory> expected = new TreeMap<>();
    Map<String, Memory> found = new TreeMap<>();
    Map<String, ModelComponents> opened = new LinkedHashMap<>();
    for (Map.Entry<String, String> base : LAYOUTS.entrySet()) {
      CatalogueModel model = ModelCatalogue.builtIn().find(base.getKey()).orElseThrow();
      ModelComponents files = opened.get(base.getValue());
      if (files == null) {
        files = ModelOpener.open(PublishedHeaders.write(base.getValue(), folder));
        opened.put(base.getValue(), files);
      }
      found.put(base.getKey(), memory(files, model));
      model.memory().ifPresent(each -> expected.put(base.getKey(), each));
    }
    assertEquals(lines(found), lines(expected), "copy the first into models.json");
  }

  /** The rows of the table in the guide to costs. */
  private static final Map<String, String> ROWS = Map.of(
      "SD 1.5", "sd1",
      "SDXL", "sdxl",
      "FLUX.2 klein 4B", "flux2-klein-4b-distilled",
      "Z-Image", "z-image-turbo",
      "FLUX.1", "flux-dev");

  @Test
  void theGuidesHaveTheSameEstimates() throws IOException {
    Path guides = Path.of("").toAbsolutePath().getParent().resolve("docs/guides");
    List<String> costs = Files.readAllLines(guides.resolve("what-it-costs.md"));
    List<String> bases = Files.readAllLines(guides.resolve("which-base-should-i-choose.md"));
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, String> row : ROWS.entrySet()) {
      ModelComponents files = ModelOpener.open(PublishedHeaders.write(row.getValue(), folder));
      MemoryEstimate needs = FamilyRegistry.of(files).memory(files).estimate(files);
      String whole = String.valueOf(whole(needs, 1024));
      String least = String.valueOf(least(needs, 1024));
      String line = "| " + row.getKey() + " | " + whole(needs, 512) + " | " + whole + " | "
          + whole(needs, 1536) + " | " + least + " |";
      if (!costs.contains(line)) {
        missing.add("what-it-costs.md: " + line);
      }
      String begin = needs.network().equals("transformer")
          ? "| " + whole + " GiB, at least " + least + " GiB | "
          : "| " + whole + " GiB | ";
      if (bases.stream().noneMatch(each -> each.startsWith(begin))) {
        missing.add("which-base-should-i-choose.md: " + begin);
      }
    }
    assertEquals("", String.join("\n", missing));
  }

  private static double whole(MemoryEstimate needs, int size) {
    return gibibytes(needs, WeightResidence.RESIDENT, WeightResidence.RESIDENT, 2, size);
  }

  private static double least(MemoryEstimate needs, int size) {
    return gibibytes(
        needs,
        WeightResidence.STREAMED,
        needs.network().equals("transformer") ? WeightResidence.STREAMED : WeightResidence.RESIDENT,
        2,
        size);
  }

  @Test
  void everyBaseHasItsLayout() {
    assertEquals(
        ModelCatalogue.builtIn().models(Role.BASE).stream()
            .map(CatalogueModel::name)
            .collect(Collectors.toSet()),
        LAYOUTS.keySet());
    for (CatalogueModel other : ModelCatalogue.builtIn().models()) {
      assertTrue(other.role() == Role.BASE || other.memory().isEmpty(), other.toString());
    }
  }

  private static String lines(Map<String, Memory> all) {
    return all.entrySet().stream()
        .map(each ->
            each.getKey() + ": \"memory\": {\"size\": " + each.getValue().size()
                + ", \"f32\": " + each.getValue().f32() + ", \"bf16\": "
                + each.getValue().bf16()
                + ", \"8bit\": " + each.getValue().eightBit() + ", \"least\": "
                + each.getValue().least() + "}")
        .collect(Collectors.joining("\n"));
  }

  private static Memory memory(ModelComponents files, CatalogueModel model) {
    MemoryEstimate needs = FamilyRegistry.of(files).memory(files).estimate(files);
    boolean isTransformer = needs.network().equals("transformer");
    int size = model.size().orElse(model.family().orElseThrow().equals("sd1") ? 512 : 1024);
    return new Memory(
        size,
        gibibytes(needs, WeightResidence.RESIDENT, WeightResidence.RESIDENT, 4, size),
        whole(needs, size),
        gibibytes(
            needs,
            WeightResidence.RESIDENT,
            isTransformer ? WeightResidence.INT8_BLOCKS : WeightResidence.INT8_MATRICES,
            2,
            size),
        least(needs, size));
  }

  /** The peak without the program, rounded up to a tenth. */
  private static double gibibytes(
      MemoryEstimate needs, WeightResidence texts, WeightResidence network, int bytes, int size) {
    Map<String, WeightResidence> residences = new LinkedHashMap<>();
    needs
        .components()
        .keySet()
        .forEach(part -> residences.put(
            part,
            part.equals(needs.network())
                ? network
                : part.equals("vae") ? WeightResidence.RESIDENT : texts));
    long peak = needs.peak(
        residences,
        texts == WeightResidence.STREAMED,
        bytes,
        size,
        size,
        needs.activations().rows());
    return Math.ceil(peak * 10.0 / (1L << 30)) / 10;
  }
}
