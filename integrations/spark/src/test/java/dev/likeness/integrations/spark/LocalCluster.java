package dev.likeness.integrations.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/** Spark clusters of this machine, whose executors are processes of their own. */
final class LocalCluster {
  private LocalCluster() {}

  /** Returns the class path of this process, and for executors of the same classes. */
  static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /**
   * Starts executors of one thread each.
   *
   * @param executors the number of executors
   * @param cores the number of tasks that an executor runs at once
   */
  static SparkSession.Builder builder(int executors, int cores, int memory, Path folder) {
    return SparkSession.builder()
        .master("local-cluster[" + executors + "," + cores + "," + memory + "]")
        .appName("likeness test")
        .config("spark.executor.memory", "1g")
        .config("spark.executor.cores", cores)
        .config("spark.executor.extraClassPath", classPath())
        .config(
            "spark.executor.extraJavaOptions",
            "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true")
        .config("spark.executorEnv.OMP_NUM_THREADS", "1")
        .config("spark.executorEnv.OPENBLAS_NUM_THREADS", "1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.local.dir", folder.resolve("local").toString())
        .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString());
  }

  /** Returns the processes of executors that this process started. */
  static List<ProcessHandle> executors() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> arguments(process).contains("CoarseGrainedExecutorBackend"))
        .collect(Collectors.toList());
  }

  private static String arguments(ProcessHandle process) {
    try {
      byte[] line = Files.readAllBytes(Path.of("/proc/" + process.pid() + "/cmdline"));
      return Arrays.toString(new String(line, java.nio.charset.StandardCharsets.UTF_8).split("\0"));
    } catch (java.io.IOException gone) {
      return "";
    }
  }
}
