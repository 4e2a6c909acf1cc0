package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.SizeOptions;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * One requested image.
 *
 * @param index the place in the order of the requests, from 0
 * @param prompt the prompt
 * @param negative the negative prompt; may be empty
 * @param seed the seed
 * @param steps the number of steps; 0 for the base's default
 * @param guidance the guidance scale; NaN for the base's default
 * @param width the width in pixels; 0 for the base's default
 * @param height the height in pixels; 0 for the base's default
 * @param scheduler the scheduler's name; empty for the base's own
 * @param lora the URI of a LoRA file; empty for none
 * @param loraWeight the LoRA's weight
 */
record ImageRow(
    long index,
    String prompt,
    String negative,
    long seed,
    int steps,
    double guidance,
    int width,
    int height,
    String scheduler,
    String lora,
    double loraWeight)
    implements Serializable {
  static final StructType GRID = new StructType()
      .add("prompt", DataTypes.StringType, false)
      .add("seed", DataTypes.LongType, false)
      .add("lora", DataTypes.StringType, true)
      .add("lora_weight", DataTypes.DoubleType, true);

  /**
   * Reads a row.
   *
   * @throws InvalidInputException if there is no column {@code prompt}, or if a value has another
   *     type
   */
  static ImageRow of(long index, Row row) {
    List<String> columns = Arrays.asList(row.schema().fieldNames());
    if (!columns.contains("prompt")) {
      throw new InvalidInputException("the requests have no column \"prompt\"; give the column"
          + " \"prompt\" and, if needed, negative, seed, steps, guidance, width, height,"
          + " scheduler, lora and lora_weight");
    }
    Values values = new Values(index, row, columns);
    return new ImageRow(
        index,
        values.text("prompt"),
        values.text("negative"),
        values.number("seed", 0).longValue(),
        values.number("steps", 0).intValue(),
        values.number("guidance", Double.NaN).doubleValue(),
        values.number("width", 0).intValue(),
        values.number("height", 0).intValue(),
        values.text("scheduler"),
        values.text("lora"),
        values.number("lora_weight", 1).doubleValue());
  }

  private record Values(long index, Row row, List<String> columns) {
    String text(String name) {
      int place = columns.indexOf(name);
      return place < 0 || row.isNullAt(place) ? "" : row.get(place).toString();
    }

    Number number(String name, Number otherwise) {
      int place = columns.indexOf(name);
      Object value = place < 0 || row.isNullAt(place) ? otherwise : row.get(place);
      if (value instanceof Number number) {
        return number;
      }
      throw new InvalidInputException("request " + index + " has \"" + value + "\" in the column \""
          + name + "\"; give a number there, or omit the column");
    }
  }

  /** Returns the request without its LoRA. */
  ImageRequest request() {
    SizeOptions size = width == 0 ? SizeOptions.DEFAULT : SizeOptions.DEFAULT.width(width);
    ImageRequest request =
        ImageRequest.of(prompt).seed(seed).sizeOptions(height == 0 ? size : size.height(height));
    if (!negative.isEmpty()) {
      request = request.negative(negative);
    }
    if (steps != 0) {
      request = request.steps(steps);
    }
    if (!Double.isNaN(guidance)) {
      request = request.guidance(guidance);
    }
    return scheduler.isEmpty() ? request : request.scheduler(scheduler);
  }

  /** Returns the texts that decide the image, without its place. */
  List<String> identity() {
    return List.of(
        prompt,
        negative,
        seed + " " + steps + " " + guidance + " " + width + " " + height + " " + loraWeight,
        scheduler);
  }
}
