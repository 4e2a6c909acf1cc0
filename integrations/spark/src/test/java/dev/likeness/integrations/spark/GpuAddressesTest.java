package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuAddressesTest {
  @TempDir
  Path folder;

  /** Spark asks a script which GPUs a machine has. This one claims two on a machine without any. */
  @Test
  void theGpuOfSparksSchedulingReachesEachTask() throws Exception {
    Path script = Files.writeString(
        folder.resolve("gpus.sh"),
        "#!/bin/sh\necho '{\"name\":\"gpu\",\"addresses\":[\"0\",\"1\"]}'\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (SparkSession spark = LocalCluster.builder(1, 2, 1024, folder)
        .config("spark.executor.memory", "512m")
        .config("spark.worker.resource.gpu.amount", 2)
        .config("spark.worker.resource.gpu.discoveryScript", script.toString())
        .config("spark.executor.resource.gpu.amount", 2)
        .config("spark.executor.resource.gpu.discoveryScript", script.toString())
        .config("spark.task.resource.gpu.amount", 1)
        .getOrCreate()) {
      JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
      Set<String> devices = new TreeSet<>(context
          .parallelize(List.of(1, 2, 3, 4), 4)
          .map(number -> {
            Thread.sleep(500);
            return TaskDevice.current();
          })
          .collect());
      assertEquals(Set.of("cuda:0", "cuda:1"), devices);
    }
  }

  @Test
  void aTaskWithoutAGpuRunsOnTheCpu() {
    assertEquals("cpu", TaskDevice.current());
    assertEquals("cpu", TaskDevice.of(new ResourceInformation("gpu", new String[0])));
    assertEquals("cuda:3", TaskDevice.of(new ResourceInformation("gpu", new String[] {"3"})));
    IllegalArgumentException named = assertThrows(
        IllegalArgumentException.class,
        () -> TaskDevice.of(new ResourceInformation("gpu", new String[] {"GPU-1a2b"})));
    assertEquals(
        "the GPU addresses [GPU-1a2b] are no indices; give a discovery script that prints indices,"
            + " such as Spark's getGpusResources.sh",
        named.getMessage());
  }
}
