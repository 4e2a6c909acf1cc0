/**
 * Headshots of thousands of people, and images for researchers, on an Apache Spark cluster.
 *
 * <p>One person is one task. A task can be repeated, and goes on from the last saved state of its
 * training if an executor is lost.
 *
 * <pre>{@code
 * HeadshotJob job = HeadshotJob.on(spark, ModelLocation.of("/models/base"), "hdfs:///headshots");
 * Dataset<Row> results = job.run(spark.read().json("hdfs:///people.json"));
 * results.write().parquet("hdfs:///results");
 * }</pre>
 */
@NullMarked
package dev.likeness.spark;

import org.jspecify.annotations.NullMarked;
