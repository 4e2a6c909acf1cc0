package dev.likeness.integrations.spark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/**
 * All combinations of prompts, seeds and LoRAs, as requests of an {@link ImageJob}. The prompt
 * changes slowest and the LoRA fastest. Immutable.
 *
 * @param prompts the prompts, at least one
 * @param seeds the seeds, at least one
 * @param loras maps the URIs of LoRA files to weights; the order is kept. Without entries, the base
 *     generates without a LoRA
 */
public record ImageGrid(List<String> prompts, List<Long> seeds, Map<String, Double> loras) {
  /**
   * Copies the lists and the map.
   *
   * @throws IllegalArgumentException if there is no prompt or no seed
   */
  public ImageGrid {
    prompts = List.copyOf(prompts);
    seeds = List.copyOf(seeds);
    loras = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(loras));
    if (prompts.isEmpty() || seeds.isEmpty()) {
      throw new IllegalArgumentException("a grid needs at least one prompt and one seed; the number"
          + " of prompts is " + prompts.size() + ", the number of seeds " + seeds.size());
    }
  }

  /**
   * {@return the requests, with the columns {@code prompt}, {@code seed}, {@code lora} and
   * {@code lora_weight}}
   *
   * @param spark the session
   */
  public Dataset<Row> requests(SparkSession spark) {
    List<Row> rows = new ArrayList<>();
    for (String prompt : prompts) {
      for (long seed : seeds) {
        if (loras.isEmpty()) {
          rows.add(RowFactory.create(prompt, seed, null, null));
        }
        loras.forEach((file, weight) -> rows.add(RowFactory.create(prompt, seed, file, weight)));
      }
    }
    return spark.createDataFrame(rows, ImageRow.GRID);
  }
}
