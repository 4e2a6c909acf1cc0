package dev.likeness.integrations.spark;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * The program for {@code spark-submit}: generates headshots of the people in a file, or erases one
 * person.
 *
 * <p>The options are {@code --base PATH --out URI --people URI [--format json] [--results URI]
 * [--device NAME] [--dtype NAME] [--save-interval N] [--schemes NAME,NAME] [--identity PATH]} to
 * generate, and {@code --base PATH --out URI --erase ID} to erase. If
 * {@code spark.executor.memoryOverhead} is not set, the program computes this setting from the base
 * before it generates on a cluster.
 */
public final class SparkHeadshots {
  private static final List<String> KNOWN = List.of(
      "base",
      "out",
      "people",
      "format",
      "results",
      "device",
      "dtype",
      "save-interval",
      "schemes",
      "identity",
      "erase");
  private static final int IMAGES = 4;

  private SparkHeadshots() {}

  /**
   * Runs the program.
   *
   * @param args the options
   * @throws InvalidInputException if an option is unknown, is missing or has no value, if both
   *     {@code --people} and {@code --erase} are given, if the save interval is not a whole number,
   *     or if a column of the people is missing
   * @throws IllegalArgumentException if the save interval is not 1 to 24
   * @throws IOException if the session cannot be closed
   */
  public static void main(String[] args) throws IOException {
    Map<String, String> options = parse(args);
    try (SparkSession spark = SparkSession.builder()
        .appName("likeness headshots")
        .config(configuration(options))
        .getOrCreate()) {
      run(spark, options);
    }
  }

  static Map<String, String> parse(String... args) {
    Map<String, String> options = new TreeMap<>();
    for (int i = 0; i < args.length; i += 2) {
      String name = args[i].startsWith("--") ? args[i].substring(2) : "";
      if (!KNOWN.contains(name)) {
        throw new InvalidInputException(
            "unknown option \"" + args[i] + "\"; known: --" + String.join(", --", KNOWN));
      }
      if (i + 1 == args.length) {
        throw new InvalidInputException("the option --" + name + " has no value; give one");
      }
      options.put(name, args[i + 1]);
    }
    for (String name : List.of("base", "out")) {
      if (!options.containsKey(name)) {
        throw new InvalidInputException("the option --" + name + " is missing; give --base PATH"
            + " --out URI, and --people URI or --erase ID");
      }
    }
    if (options.containsKey("people") == options.containsKey("erase")) {
      throw new InvalidInputException(
          "give either --people URI to generate headshots, or --erase ID to erase a person");
    }
    String interval = options.getOrDefault("save-interval", "1");
    if (!interval.matches("\\d{1,9}")) {
      throw new InvalidInputException("the option --save-interval must be a whole number, got \""
          + interval + "\"; give 1 to " + JobSettings.MAX_INTERVAL + " steps");
    }
    return options;
  }

  private static ModelLocation base(Map<String, String> options) {
    String name = options.get("base");
    if (!Files.exists(Path.of(name)) && isEmbedded(name)) {
      return PortraitModel::files;
    }
    return ModelLocation.of(name);
  }

  /** Returns true if the embedded model is on the class path and has this name. */
  private static boolean isEmbedded(String name) {
    try {
      return PortraitModel.files().getFileName().toString().equals(name);
    } catch (LinkageError missing) {
      return false;
    }
  }

  /** Returns the configuration with the memory that the executors need. */
  static SparkConf configuration(Map<String, String> options) {
    SparkConf configuration = new SparkConf();
    configuration.setIfMissing("spark.speculation", "false");
    boolean local = configuration.get("spark.master", "local").matches("local(\\[.*)?");
    if (!local
        && options.containsKey("people")
        && !configuration.contains(ExecutorMemory.OVERHEAD)) {
      int tasks = configuration.getInt("spark.executor.cores", 1)
          / configuration.getInt("spark.task.cpus", 1);
      // This machine may have no GPU. f16 is for GPUs only, and bf16 takes the same memory.
      String dtype = options.get("dtype");
      Compute compute = Compute.of("cpu", "f16".equals(dtype) ? "bf16" : dtype);
      try (BaseModel model = BaseModel.open(base(options).path(), compute)) {
        ShootRequest request = ShootRequest.of(Style.defaults(), IMAGES);
        ExecutorMemory.of(model, request, Math.max(1, tasks)).applyTo(configuration);
      }
    }
    return configuration;
  }

  private static void run(SparkSession spark, Map<String, String> options) {
    HeadshotJob job = HeadshotJob.on(spark, base(options), options.get("out"));
    job = options.containsKey("device") ? job.device(options.get("device")) : job;
    job = options.containsKey("dtype") ? job.dtype(options.get("dtype")) : job;
    job = options.containsKey("save-interval")
        ? job.saveInterval(Integer.parseInt(options.get("save-interval")))
        : job;
    job = options.containsKey("schemes") ? job.schemes(options.get("schemes").split(",")) : job;
    job = options.containsKey("identity") ? job.identity(options.get("identity")) : job;
    if (options.containsKey("erase")) {
      System.out.println(job.erase(options.get("erase")).toJson());
      return;
    }
    String format = options.getOrDefault("format", "json");
    Dataset<Row> results = job.run(spark.read().format(format).load(options.get("people")));
    if (options.containsKey("results")) {
      results.write().mode(SaveMode.Overwrite).json(options.get("results"));
    }
    results
        .groupBy("status")
        .count()
        .collectAsList()
        .forEach(row -> System.out.println(row.getString(0) + ": " + row.getLong(1)));
  }
}
