"""OpenCV's DNN module, as a process of the benchmark.

    python3 bench/peers/opencv.py '{"net":FILE,"weights":FILE,"input":FILE,"output":FILE,"shape":[1,3,227,227],"threads":2}'

For the conversation see bench/suite/engine-process.js.
"""

import json
import sys
import time

import cv2
import numpy

settings = json.loads(sys.argv[1])
cv2.setNumThreads(settings["threads"])


def answer(**values):
    print(json.dumps(values), flush=True)


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


class Network:
    def load(self):
        self.net = cv2.dnn.readNetFromCaffe(settings["net"], settings["weights"])
        self.net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        self.net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)

    def first(self):
        self.input = numpy.fromfile(settings["input"], dtype=numpy.float32).reshape(settings["shape"])
        self.run().astype(numpy.float32).tofile(settings["output"])

    def run(self):
        self.net.setInput(self.input)
        return self.net.forward()


network = Network()
answer(ready=True)
for line in sys.stdin:
    if line.strip() == "load":
        answer(loadMs=milliseconds(network.load), firstMs=milliseconds(network.first))
        continue
    warm_ups, count = map(int, line.split())
    for _ in range(warm_ups):
        network.run()
    answer(ms=milliseconds(lambda: [network.run() for _ in range(count)]))
